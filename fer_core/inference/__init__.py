"""Photos in, expressions out: decoding, face detectors, crops, the classifier."""

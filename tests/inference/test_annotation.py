import numpy as np
from PIL import Image

from fer_core.inference.annotation import annotate, captioned, scaled
from fer_core.inference.detectors import Box
from fer_core.inference.predict import FaceResult


def face(happy: float, box: Box) -> FaceResult:
    return FaceResult(box, np.zeros((48, 48), np.uint8), {"Happy": happy, "Sad": 0.2, "Neutral": 0.8 - happy})


def test_boxes_are_drawn_on_a_copy():
    """Each box has its label's colour, an unsure face is white, and the photo itself stays as it was."""
    photo = np.zeros((120, 200, 3), np.uint8)
    faces = [face(0.7, Box(10, 40, 60, 60, 1.0)), face(0.39, Box(100, 40, 60, 60, 1.0))]
    assert faces[1].label == "Neutral"
    faces[1] = FaceResult(faces[1].box, faces[1].crop, {"Happy": 0.35, "Sad": 0.3, "Neutral": 0.35})
    drawn = np.asarray(annotate(photo, faces, {"Happy": "#ff8000"}))
    assert drawn[99, 69].tolist() == [255, 128, 0]
    assert drawn[99, 159].tolist() == [255, 255, 255]
    assert drawn[70, 40].tolist() == [0, 0, 0]
    assert not photo.any()


def test_a_number_hides_no_face():
    """It stands above its box, where the picture ends there below it, and in it only where it ends there too."""
    photo = np.full((400, 400, 3), 128, np.uint8)
    drawn = np.asarray(annotate(photo, [face(0.8, Box(100, 200, 40, 40, 1.0))], {}))
    assert (drawn[203:237, 103:137] == 128).all()
    assert (drawn[190:199, 100:115] != 128).any()
    at_edge = np.asarray(annotate(photo, [face(0.8, Box(100, 0, 40, 40, 1.0))], {}))
    assert (at_edge[3:37, 103:137] == 128).all()
    assert (at_edge[40:52, 103:112] != 128).any()
    alone = np.asarray(annotate(photo, [face(0.8, Box(100, 0, 40, 400, 1.0))], {}))
    assert (alone[3:12, 103:112] != 128).any()


def test_a_tiny_photo_has_room_for_no_number():
    """The number is cut off and nothing is raised."""
    assert annotate(np.zeros((4, 4, 3), np.uint8), [face(0.8, Box(0, 0, 4, 4, 1.0))], {}).size == (4, 4)


def test_a_face_is_scaled_with_its_picture():
    """Half as large; a line stays at least a pixel."""
    assert scaled(face(0.8, Box(10, 20, 30, 1, 0.9)), 0.5).box == Box(5, 10, 15, 1, 0.9)


def test_words_stand_below_the_picture():
    """The picture is untouched, below it is white with something black in it, as wide as the words need."""
    picture = Image.new("RGB", (400, 100), "#123456")
    whole = captioned(picture, "word " * 60 + "\nlast line")
    assert whole.width == 400
    assert (np.asarray(whole)[:100] == np.asarray(picture)).all()
    below = np.asarray(whole)[100:]
    assert below.max() == 255
    assert below.min() < 60
    assert captioned(picture, "word").height < whole.height
    assert captioned(Image.new("RGB", (48, 48)), "word").width == 240

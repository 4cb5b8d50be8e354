"""What pages share. Nothing here computes: it asks fer_core and shows."""

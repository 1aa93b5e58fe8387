"""From a picture to its faces: the network, its decoding, cutting crops."""

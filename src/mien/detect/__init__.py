"""Where the faces are: a picture in, `Faces` with box, score and points out."""

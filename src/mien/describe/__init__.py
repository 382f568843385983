"""Stages that describe faces: each fills columns of the record from the picture and what it needs.

    faces = Mesh.load().describe(rgb, faces)        # mesh and points; most others stand on it
    faces = Pose.load().describe(rgb, faces)        # pose_deg, from the mesh

A stage names the columns it `needs` and `fills`. It gives a new record; a face it fails for has NaN
in its row and a `Problem` with the reason. What each column means: docs/concepts/description.md.
"""

"""What the readers of files have in common. rondo.keras.load and rondo.onnx.load read files."""

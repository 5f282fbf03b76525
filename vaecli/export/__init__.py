"""Keras to ONNX, checked through the runtime. The only home of tf2onnx and onnx; its converter names tensorflow."""

"""The exported model at work: files checked, sessions, batches over threads. The only home of onnxruntime."""

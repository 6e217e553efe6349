"""Policies as ONNX graphs: raw features in, the network's answer out; written by hand, so that equal policies give
equal bytes."""

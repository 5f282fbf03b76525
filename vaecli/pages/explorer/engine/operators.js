import { conv, convTranspose } from "./convolutions.js";
import { binary, cast, unary } from "./elementwise.js";
import { gemm, matMul } from "./matrices.js";
import { matMulInteger, qLinearConv, quantizeLinear } from "./quantised.js";
import { concat, gather, reshape, shapeOf, slice, squeeze, transpose, unsqueeze } from "./shapes.js";

/**
 * The operators that a model file may use: those of vaecli/modelfile/operators.py, whose table a test compares with
 * this one. Each is a function of its input tensors and its attributes.
 */
export const OPERATORS = {
  Abs: unary(Math.abs),
  Add: binary((a, b) => a + b),
  Cast: cast,
  Concat: concat,
  Conv: conv,
  ConvTranspose: convTranspose,
  Div: binary((a, b) => a / b),
  Gather: gather,
  Gemm: gemm,
  Identity: ([x]) => x,
  MatMul: matMul,
  MatMulInteger: matMulInteger,
  Max: binary(Math.max),
  Min: binary(Math.min),
  Mul: binary((a, b) => a * b),
  QLinearConv: qLinearConv,
  QuantizeLinear: quantizeLinear,
  Reciprocal: unary((x) => 1 / x),
  Relu: unary((x) => (x > 0 ? x : 0)),
  Reshape: reshape,
  Shape: shapeOf,
  Sigmoid: unary((x) => 1 / (1 + Math.exp(-x))),
  Slice: slice,
  Squeeze: squeeze,
  Sub: binary((a, b) => a - b),
  Tanh: unary(Math.tanh),
  Transpose: transpose,
  Unsqueeze: unsqueeze,
};

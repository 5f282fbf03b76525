import { fitToFrame } from "./frame.js";
import { readLikeTraining } from "./reading.js";

/**
 * Bring a picture to the input of a model, as its metadata say, without a cut-out.
 * @param {import("./whole.js").Pixels} pixels
 * @param {ArrayLike<number> | null} alpha
 * @param {object} info of the model.
 * @returns {import("./whole.js").Pixels}
 */
export function prepare(pixels, alpha, info) {
  const { photo, polarity, reading } = info.preparation;
  if (photo === "resize") {
    return readLikeTraining(pixels, alpha, info.image_shape, reading?.fit ?? "pad");
  }
  return fitToFrame(pixels, alpha, info.image_shape, polarity, { digits: photo === "digits" });
}

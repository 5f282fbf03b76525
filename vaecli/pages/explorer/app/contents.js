import { decompress } from "./compression.js";

/**
 * Read what the page holds: the model's decoder and its name, perhaps validation images, and a function that reads
 * the encoder, null without one: the first picture does not wait for it.
 */
export async function readContents(text) {
  const { name, model, decoder, encoder, pictures } = JSON.parse(text);
  const [content, pixels] = await Promise.all([decompress(decoder), pictures && decompress(pictures)]);
  return { name, model, decoder: content, encoder: encoder && (() => decompress(encoder)), pictures: pixels };
}

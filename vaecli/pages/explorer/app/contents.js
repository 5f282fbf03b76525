import { decompress } from "./compression.js";

/** Read what the page holds: the model's files, its name, and perhaps validation images. */
export async function readContents(text) {
  const { name, model, decoder, encoder, pictures } = JSON.parse(text);
  const files = await Promise.all([decoder, encoder, pictures].map((part) => part && decompress(part)));
  return { name, model, decoder: files[0], encoder: files[1], pictures: files[2] };
}

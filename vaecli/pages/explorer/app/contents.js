import { fromBase64 } from "../model/packed.js";

/** Read what the page holds: the model's files, its name, and perhaps validation images. */
export async function readContents(text) {
  const { name, model, decoder, encoder, pictures } = JSON.parse(text);
  const files = await Promise.all([decoder, encoder, pictures].map((part) => part && unpacked(part)));
  return { name, model, decoder: files[0], encoder: files[1], pictures: files[2] };
}

async function unpacked(part) {
  const stream = new Blob([fromBase64(part)]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

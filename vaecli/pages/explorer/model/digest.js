const DIGITS = 64;

/**
 * Return the SHA-256 of a model file, its own 64 digits at `where` taken as zeros; null where the browser has no
 * SHA-256, as on a page that came over plain http from another machine.
 */
export async function digest(bytes, where) {
  if (!globalThis.crypto?.subtle) {
    return null;
  }
  const blank = bytes.slice();
  blank.fill("0".charCodeAt(0), where, where + DIGITS);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", blank));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

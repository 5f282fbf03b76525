const WORD = 2n ** 64n - 1n, SPARE_WORDS = 4, WORDS_PER_BLOCK = 4, ROUNDS = 10;
const MULTIPLIERS = [0xd2e7470ee14c6c93n, 0xca5a826395121157n];
const WEYL = [0x9e3779b97f4a7c15n, 0xbb67ae8584caa73bn];

/**
 * Row `index` of the series of a seed, as vaecli/latent/draws.py defines it: the same on every machine.
 * @param {bigint} seed 0 to 2**64 - 1.
 * @param {bigint} index likewise.
 * @returns {{normals: Float32Array, words: bigint[]}} D standard normal numbers, and spare words for a prior.
 */
export function drawRow(seed, index, dim) {
  const half = Math.ceil(dim / 2), blocks = Math.ceil((2 * half + SPARE_WORDS) / WORDS_PER_BLOCK);
  const words = [];
  for (let block = 0n; block < blocks; block++) {
    words.push(...philox(index * BigInt(blocks) + block, seed));
  }
  const uniform = words.slice(0, 2 * half).map((word) => Number(word >> 11n));
  const normals = new Float32Array(dim);
  for (let i = 0; i < half; i++) {
    const radius = Math.sqrt(-2 * Math.log((uniform[i] + 1) * 2 ** -53)); // of (0, 1]: never log 0
    const angle = uniform[half + i] * (2 * Math.PI * 2 ** -53);
    normals[i] = radius * Math.cos(angle);
    if (half + i < dim) {
      normals[half + i] = radius * Math.sin(angle);
    }
  }
  return { normals, words: words.slice(2 * half, 2 * half + SPARE_WORDS) };
}

/** Philox4x64-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"): four words of a counter. */
export function philox(counter, key) {
  let words = [0n, 64n, 128n, 192n].map((shift) => (counter >> shift) & WORD);
  let keys = [key, 0n];
  for (let round = 0; round < ROUNDS; round++) {
    const first = MULTIPLIERS[0] * words[0], second = MULTIPLIERS[1] * words[2];
    words = [
      (second >> 64n) ^ words[1] ^ keys[0], second & WORD,
      (first >> 64n) ^ words[3] ^ keys[1], first & WORD,
    ];
    keys = keys.map((word, i) => (word + WEYL[i]) & WORD);
  }
  return words;
}

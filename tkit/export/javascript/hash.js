// Digests by which trackers name an address: MD5 (RFC 1321), SHA-1 and SHA-256 (FIPS 180-4). No secret depends on them.

const rotateLeft = (word, by) => (word << by) | (word >>> (32 - by));
const fraction = (value) => Math.floor((value - Math.floor(value)) * 2 ** 32) | 0;

/** The message in blocks of sixteen 32-bit words, padded with its length in bits. */
function blocksOf(bytes, littleEndian) {
  const padded = new Uint8Array(Math.ceil((bytes.length + 9) / 64) * 64);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  const at = padded.length - 8;
  view.setUint32(at + (littleEndian ? 0 : 4), bytes.length * 8, littleEndian);
  return Array.from({ length: padded.length / 64 }, (_, block) =>
    Array.from({ length: 16 }, (_, word) => view.getInt32(block * 64 + word * 4, littleEndian)),
  );
}

function hexOf(state, littleEndian) {
  const view = new DataView(new ArrayBuffer(state.length * 4));
  state.forEach((word, number) => view.setInt32(number * 4, word, littleEndian));
  return Array.from(new Uint8Array(view.buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const MD5_SINES = Array.from({ length: 64 }, (_, step) => Math.floor(Math.abs(Math.sin(step + 1)) * 2 ** 32) | 0);
const MD5_SHIFTS = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];

export function md5(bytes) {
  let state = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476];
  for (const block of blocksOf(bytes, true)) {
    let [a, b, c, d] = state;
    for (let step = 0; step < 64; step++) {
      const round = step >> 4;
      const mixed = [(b & c) | (~b & d), (d & b) | (~d & c), b ^ c ^ d, c ^ (b | ~d)][round];
      const word = block[[step, 5 * step + 1, 3 * step + 5, 7 * step][round] % 16];
      const turned = rotateLeft((a + mixed + MD5_SINES[step] + word) | 0, MD5_SHIFTS[4 * round + (step % 4)]);
      [a, b, c, d] = [d, (b + turned) | 0, b, c];
    }
    state = [a, b, c, d].map((word, number) => (word + state[number]) | 0);
  }
  return hexOf(state, true);
}

export function sha1(bytes) {
  let state = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0];
  for (const words of blocksOf(bytes, false)) {
    for (let t = 16; t < 80; t++) words[t] = rotateLeft(words[t - 3] ^ words[t - 8] ^ words[t - 14] ^ words[t - 16], 1);
    let [a, b, c, d, e] = state;
    for (let t = 0; t < 80; t++) {
      const round = Math.floor(t / 20);
      const mixed = [(b & c) | (~b & d), b ^ c ^ d, (b & c) | (b & d) | (c & d), b ^ c ^ d][round];
      const constant = [0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6][round];
      [a, b, c, d, e] = [(rotateLeft(a, 5) + mixed + e + constant + words[t]) | 0, a, rotateLeft(b, 30), c, d];
    }
    state = [a, b, c, d, e].map((word, number) => (word + state[number]) | 0);
  }
  return hexOf(state, false);
}

const PRIMES = Array.from({ length: 312 }, (_, n) => n).filter((n) => {
  for (let divisor = 2; divisor * divisor <= n; divisor++) if (n % divisor === 0) return false;
  return n > 1;
});
const SHA256_ROUNDS = PRIMES.map((prime) => fraction(Math.cbrt(prime)));
const SHA256_START = PRIMES.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)));

export function sha256(bytes) {
  const right = (word, by) => rotateLeft(word, 32 - by);
  let state = SHA256_START;
  for (const w of blocksOf(bytes, false)) {
    for (let t = 16; t < 64; t++) {
      const low = right(w[t - 15], 7) ^ right(w[t - 15], 18) ^ (w[t - 15] >>> 3);
      const high = right(w[t - 2], 17) ^ right(w[t - 2], 19) ^ (w[t - 2] >>> 10);
      w[t] = (w[t - 16] + low + w[t - 7] + high) | 0;
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let t = 0; t < 64; t++) {
      const one = h + (right(e, 6) ^ right(e, 11) ^ right(e, 25)) + ((e & f) ^ (~e & g)) + SHA256_ROUNDS[t] + w[t];
      const two = (right(a, 2) ^ right(a, 13) ^ right(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
      [a, b, c, d, e, f, g, h] = [(one + two) | 0, a, b, c, (d + one) | 0, e, f, g];
    }
    state = [a, b, c, d, e, f, g, h].map((word, number) => (word + state[number]) | 0);
  }
  return hexOf(state, false);
}

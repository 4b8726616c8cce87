// Who has an account at the fakes. Any other word in small letters is somebody, too, with an address of that name,
// so that each test can bring new people.
import { createHash } from 'node:crypto';

const KNOWN = {
  ann: { name: 'Ann Archer' },
  ben: { name: 'Ben Baker', public_email: 'ben.public@people.example' },
  noemail: { name: 'Nora Noaddress', email: null },
  unverified: { name: 'Uli Unverified', verified: false },
};

export const words = Object.keys(KNOWN);

/** changes: what a test says of people, by word: { ann: { email: 'new@people.example' } }. */
export function person(word, changes = {}) {
  const name = `${word[0].toUpperCase()}${word.slice(1)} Example`;
  return { word, name, email: `${word}@people.example`, verified: true, public_email: null, ...KNOWN[word], ...changes[word] };
}

/** Their number at a provider, always the same; so many digits. */
export function number(provider, { word, subject }, digits) {
  if (subject) return String(subject);
  const hash = BigInt(`0x${createHash('sha256').update(`${provider} ${word}`).digest('hex')}`);
  return String(10n ** BigInt(digits - 1) + hash % (9n * 10n ** BigInt(digits - 1)));
}

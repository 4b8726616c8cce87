// The keys of an issuer: they sign its ID Tokens, also wrongly when a test wants that.
import { createHmac, createPublicKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

const encode = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

const SIGN = {
  RS256: (key, text) => sign('sha256', text, key.private),
  HS256: (key, text) => createHmac('sha256', key.public.export({ type: 'spki', format: 'pem' })).update(text).digest(),
  none: () => Buffer.alloc(0),
};

function make() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { private: privateKey, public: createPublicKey(privateKey), kid: randomBytes(8).toString('hex') };
}

export class Keys {
  constructor() {
    this.rotate();
  }

  rotate() {
    this.current = make();
  }

  /** With the private part, for the package that issues. */
  privateJwk() {
    return { ...this.current.private.export({ format: 'jwk' }), kid: this.current.kid, alg: 'RS256', use: 'sig' };
  }

  jwks() {
    const { kty, n, e } = this.current.public.export({ format: 'jwk' });
    return { keys: [{ kty, n, e, kid: this.current.kid, alg: 'RS256', use: 'sig' }] };
  }

  /** The JWT again, by the current key, with claims as own(claims) has them. */
  resign(token, fault, own = (said) => said) {
    return this.sign(own(JSON.parse(Buffer.from(token.split('.')[1], 'base64url'))), fault);
  }

  /**
   * Claims as a JWT, without those that are null. fault: { claims: changed ones (null takes one out), alg, key: "foreign" (another's,
   * under our kid) | "unknown" (another's, under a kid that is nowhere), spoil: true (another signature) }.
   */
  sign(said, { claims = {}, alg = 'RS256', key, spoil } = {}) {
    const payload = { ...said, ...claims };
    for (const name of Object.keys(payload)) if (payload[name] === null) delete payload[name];
    const signer = key ? make() : this.current;
    const kid = key === 'foreign' ? this.current.kid : signer.kid;
    const text = `${encode({ alg, typ: 'JWT', kid })}.${encode(payload)}`;
    const signature = SIGN[alg](signer, text);
    if (spoil) signature[20] ^= 1;
    return `${text}.${signature.toString('base64url')}`;
  }
}

// Node 18 has Web Crypto, but not as a global; the client libraries take it from there.
import { webcrypto } from 'node:crypto';

globalThis.crypto ??= webcrypto;
globalThis.CryptoKey ??= webcrypto.CryptoKey;

// Node 18 lacks what the package uses: Web Crypto as a global, URL.parse, and hash() of node:crypto. Imported before it.
import * as nodeCrypto from 'node:crypto';
import { register } from 'node:module';

globalThis.crypto ??= nodeCrypto.webcrypto;
globalThis.CryptoKey ??= nodeCrypto.webcrypto.CryptoKey;

URL.parse ??= (text, base) => {
  try {
    return new URL(text, base);
  } catch {
    return null;
  }
};

const module = (text) => `data:text/javascript,${encodeURIComponent(text)}`;

// A name that a built-in module hasn't got can't be added to it, so the package gets another one under its name.
if (!nodeCrypto.hash) {
  const more = module(`
    import { createHash } from 'node:crypto';
    export * from 'node:crypto';
    export const hash = (algorithm, data, encoding) => createHash(algorithm).update(data).digest(encoding);`);
  register(module(`
    export const resolve = (specifier, context, next) => specifier === 'node:crypto' && context.parentURL?.includes('/oidc-provider/')
      ? { url: ${JSON.stringify(more)}, shortCircuit: true } : next(specifier, context);`));
}

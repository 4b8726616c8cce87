// What Facebook, GitHub and Microsoft have in common: a page, codes that are good once, and access tokens in memory.
import { createHash, randomBytes } from 'node:crypto';
import { choose, decision } from './pages.mjs';
import { sendPage } from './serve.mjs';

const CODE_SECONDS = 60;

export class OAuth {
  codes = new Map();
  tokens = new Map();

  /** special: { name, title, client, random(): a new code or token } */
  constructor(control, special) {
    Object.assign(this, special, { control });
  }

  /**
   * The page, or what comes of it: allowed(code) or denied(). request: { scopes, hint, redirectUri, challenge, isWhole: all
   * of the scopes are allowed or none }.
   */
  authorize({ request: { method }, response, form }, request, { allowed, denied }) {
    const { account, allowed: isAllowed, scopes, people } = this.control.settings;
    let decided = null;
    if (method === 'POST') decided = decision(form);
    else if (account) decided = { account, allowed: isAllowed, scopes: scopes ?? request.scopes };
    if (!decided)
      return sendPage(response, choose({ provider: this.title, client: this.client.id, hint: request.hint, scopes: request.scopes,
        isWhole: request.isWhole, people }));
    if (!decided.allowed) return denied();
    if (request.isWhole) decided.scopes = request.scopes;
    const code = randomBytes(10).toString('hex');
    this.codes.set(code, { ...request, scopes: decided.scopes, word: decided.account, until: Date.now() + CODE_SECONDS * 1000 });
    return allowed(code);
  }

  /** The code's request, once; null when it isn't good for this address and verifier. */
  redeem(code, redirectUri, verifier) {
    const found = this.codes.get(code);
    this.codes.delete(code);
    if (!found || found.until < Date.now() || found.redirectUri !== redirectUri) return null;
    if (found.challenge && createHash('sha256').update(verifier ?? '').digest('base64url') !== found.challenge) return null;
    return found;
  }

  give(prefix, { word, scopes }, seconds) {
    const token = prefix + randomBytes(20).toString('hex');
    this.tokens.set(token, { word, scopes, until: seconds ? Date.now() + seconds * 1000 : Infinity });
    return token;
  }

  /** Whose a token is: { word, scopes }; undefined for none that is good. */
  holder(token) {
    const found = this.tokens.get(token);
    return found?.until > Date.now() ? found : undefined;
  }

  isClient(id, secret) {
    return id === this.client.id && secret === this.client.secret;
  }

  withdraw(account) {
    for (const [token, { word }] of this.tokens) if (word === account) this.tokens.delete(token);
  }
}

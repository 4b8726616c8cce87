// What tests know and say of a fake: who answers without a page, what goes wrong next, what has been asked.
//   GET  /control               everything that is known, as JSON
//   POST /control               settings: {"account": "ben", "lifetime": 10, ...}
//   POST /control/fault         what goes wrong next: {"at": "token", "do": "status", "status": 500, "times": 1}
//   POST /control/withdraw      {"account": "ann"}: this person takes everything back, here at the provider
//   POST /control/rotate-keys   other keys sign ID Tokens from now on
//   POST /control/reset         as in the beginning; tokens and keys stay
import { setTimeout as sleep } from 'node:timers/promises';

const SETTINGS = {
  account: null, // this one answers at once, without a page
  allowed: true, // and so
  scopes: null, // with these of the scopes that are asked for; null: all
  lifetime: 3600, // of access tokens, in seconds
  rotate: null, // whether each refresh gives another refresh token; null: as the provider does
  people: {}, // {"ann": {"email": "new@people.example", "verified": false}}: what has changed
};
const REMEMBERED = 2000;
const MEGABYTE = 1024 * 1024;

// Faults that are instead of an answer; those that only change one are in changed().
const INSTEAD = {
  hang: () => {},
  close: (fault, response) => response.destroy(),
  status: ({ status = 500, body = '{"error":"server_error"}' }, response) => response.writeHead(status, json).end(body),
  error: ({ error = 'invalid_grant', status = 400 }, response) => response.writeHead(status, json).end(JSON.stringify({ error })),
  bad_json: (fault, response) => response.writeHead(200, json).end('{"access_token": "cut o'),
  html: (fault, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Maintenance</title>'),
  drip: ({ ms = 300 }, response) => {
    response.writeHead(200, json);
    const timer = setInterval(() => response.write(' '), ms);
    response.on('close', () => clearInterval(timer));
  },
  redirect: ({ to, status = 302 }, response) => response.writeHead(status, { location: to }).end(),
  oversized: ({ megabytes = 16 }, response) => {
    response.writeHead(200, json);
    response.write('{"filler":"');
    for (let i = 0; i < megabytes; i++) response.write('x'.repeat(MEGABYTE));
    response.end('"}');
  },
};
const json = { 'content-type': 'application/json' };

export class Control {
  constructor(actions) {
    this.actions = actions; // rotate-keys, withdraw: of the fake
    this.reset();
  }

  reset() {
    Object.assign(this, { settings: structuredClone(SETTINGS), faults: [], counts: {}, asked: [], revoked: [] });
  }

  /** A call of a kind came: "token", "refresh", ... */
  note(at, request, url, form) {
    this.counts[at] = (this.counts[at] ?? 0) + 1;
    this.asked.push({ at, method: request.method, path: url.pathname, query: Object.fromEntries(url.searchParams),
      form: Object.fromEntries(form), accept: request.headers.accept, authorization: request.headers.authorization?.split(' ')[0],
      agent: request.headers['user-agent'] });
    if (this.asked.length > REMEMBERED) this.asked.shift();
  }

  /** The next fault for this kind of call, taken from the list; one without "times" is for one call. */
  fault(at, does) {
    const found = this.faults.find((fault) => fault.at === at && does(fault));
    if (found && --found.times <= 0) this.faults.splice(this.faults.indexOf(found), 1);
    return found;
  }

  /** True when a fault has answered. */
  async instead(at, response) {
    const slow = this.fault(at, (fault) => fault.do === 'slow');
    if (slow) await sleep(slow.ms);
    const fault = this.fault(at, (fault) => fault.do in INSTEAD);
    if (fault) INSTEAD[fault.do](fault, response);
    return Boolean(fault);
  }

  /**
   * What has become of the answer { status, headers, body } when a fault changes it: null for one that is lost on its
   * way. "change" sets and removes members of a JSON body, or parameters of an address that people are sent back to.
   */
  changed(at, answer) {
    if (this.fault(at, (fault) => fault.do === 'lost')) return null;
    const fault = this.fault(at, (fault) => fault.do === 'change');
    if (!fault) return answer;
    const { set = {}, remove = [] } = fault;
    if (at === 'back') {
      const url = new URL(answer.headers.location);
      for (const name of remove) url.searchParams.delete(name);
      for (const [name, value] of Object.entries(set)) url.searchParams.set(name, value);
      return { ...answer, headers: { ...answer.headers, location: url.href } };
    }
    const body = { ...JSON.parse(answer.body), ...set };
    for (const name of remove) delete body[name];
    return { ...answer, body: Buffer.from(JSON.stringify(body)) };
  }

  /** /control and what is below. */
  async answer(request, response, path, text) {
    const told = text ? JSON.parse(text) : {};
    const action = path.replace(/^\/control\/?/, '');
    if (action === 'fault') this.faults.push({ times: 1, ...told });
    else if (action === 'reset') this.reset();
    else if (action in this.actions) await this.actions[action](told);
    else if (action) return response.writeHead(404).end();
    else Object.assign(this.settings, told);
    const { settings, faults, counts, asked, revoked, known } = this;
    return response.writeHead(200, json).end(JSON.stringify({ settings, faults, counts, asked, revoked, known }));
  }
}

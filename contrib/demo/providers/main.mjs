// Starts the fake providers, each on a port of loopback, and tells their addresses as one line of JSON once all answer:
//   node main.mjs [name=PORT...]      a free port for those that aren't named
import './node18.mjs';

const { serve } = await import('./serve.mjs');
const { google } = await import('./google.mjs');
const { apple } = await import('./apple.mjs');
const { facebook } = await import('./facebook.mjs');
const { github } = await import('./github.mjs');
const { microsoft } = await import('./microsoft.mjs');
const { plain: acme } = await import('./issuer.mjs');

const ports = Object.fromEntries(process.argv.slice(2).map((word) => word.split('=')));
const addresses = {};
for (const [name, make] of Object.entries({ google, facebook, github, apple, microsoft, acme }))
  addresses[name] = (await serve(make, Number(ports[name] ?? 0))).url;
console.log(JSON.stringify(addresses));

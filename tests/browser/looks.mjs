// What can be measured about how a page looks and feels, in the browser that shows it.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

const source = process.env.DOORWARD_SOURCE ?? join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** What axe-core finds, a line each. rules: only these; off: all but these. */
export async function violations(page, { rules, off = [] } = {}) {
  if (!await page.evaluate(() => Boolean(globalThis.axe))) await page.evaluate(AXE);
  const found = await page.evaluate(([only, tags, without]) => globalThis.axe.run(document, {
    runOnly: only ? { type: 'rule', values: only } : { type: 'tag', values: tags },
    rules: Object.fromEntries(without.map((rule) => [rule, { enabled: false }])), resultTypes: ['violations'],
    preload: false }) // of media and of style sheets: for none of these rules
    .then(({ violations: all }) => all), [rules, RULES, off]);
  return found.map((rule) => `${rule.id}: ${rule.help} at ${rule.nodes.map((node) =>
    `${node.target.join(' ')} (${[...node.any, ...node.all].map((one) => one.message).join('; ')})`).join(', ')}`);
}

/* Runs in the page. */
function measure({ width, smallest }) {
  const faults = [];
  const name = (one) => `<${one.localName}${one.id ? `#${one.id}` : ''}${one.className ? `.${one.className}` : ''}> "${
    (one.innerText ?? one.value ?? '').trim().slice(0, 40)}"`;
  const shown = (one) => one.getClientRects().length > 0 && getComputedStyle(one).visibility !== 'hidden' &&
    one.getBoundingClientRect().width > 2;
  const all = [...document.body.querySelectorAll('*')].filter(shown);
  const root = document.documentElement;
  if (root.scrollWidth > width) faults.push(`the page is ${root.scrollWidth} px wide in a window of ${width}`);
  for (const one of all) {
    const box = one.getBoundingClientRect(), style = getComputedStyle(one);
    const texts = [...one.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
    if (texts && (box.right > width + 1 || box.left < -1)) faults.push(`${name(one)} reaches out of the window`);
    if (texts && parseFloat(style.fontSize) < smallest) faults.push(`${name(one)} is written in ${style.fontSize}`);
    const hides = style.overflowX !== 'visible' || style.overflowY !== 'visible' || style.textOverflow === 'ellipsis' ||
      one.localName === 'button';
    if (texts && hides && (one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 1))
      faults.push(`${name(one)} is cut: ${one.scrollWidth}x${one.scrollHeight} in ${one.clientWidth}x${one.clientHeight}`);
    faults.push(...target(one, box, style).map((fault) => `${name(one)} ${fault}`));
  }
  return faults;

  function target(one, box, style) {
    if (one.matches('button, select, summary, .button')) return box.height < 44 ? [`is ${box.height} px high, not 44`] : [];
    if (one.matches('input[type="checkbox"], input[type="radio"]')) {
      const label = one.closest('label') ?? one.labels?.[0];
      const height = Math.max(box.height, label?.getBoundingClientRect().height ?? 0);
      return height < 44 ? [`is ${height} px high with its label, not 44`] : [];
    }
    if (one.localName === 'input') return box.height < 44 ? [`is ${box.height} px high, not 44`] : [];
    if (!one.matches('a[href]')) return [];
    const isAlone = one.parentElement.innerText.trim() === one.innerText.trim() || style.display !== 'inline';
    const height = Math.max(box.height, parseFloat(style.lineHeight) || 0);
    const wanted = isAlone && !one.closest('p, .summary') ? 44 : smallest * 1.5;
    return height < wanted ? [`is a link ${height} px high, not ${wanted}`] : [];
  }
}

/** What is too wide, cut, too small to read or to touch, in a window of this width; a line each. */
export async function misfits(page, width, smallest = 16) {
  /* It hears of its new size behind whoever gave it that. */
  for (const end = Date.now() + 30000; await page.evaluate(() => innerWidth) !== width && Date.now() < end; ) await sleep(10);
  return page.evaluate(measure, { width, smallest });
}

/** What is wrong with the words: a text's key or a variable instead of the text. */
export async function misspoken(page) {
  return page.evaluate(() => {
    const faults = [];
    const technical = [...document.querySelectorAll('code, .detail')].map((one) => one.innerText);
    const text = technical.reduce((left, one) => left.replace(one, ''), `${document.title}\n${document.body.innerText}`);
    for (const [found] of text.matchAll(/(?<![\w/.?=&-])[a-z]+_[a-z_]+(?![\w/.=-])|\{\w[\w.]*\}|\bundefined\b|\bnull\b/g)) faults.push(found);
    if (document.querySelectorAll('h1').length !== 1) faults.push(`${document.querySelectorAll('h1').length} h1`);
    if (!document.documentElement.lang) faults.push('no language');
    if (document.title.trim().length < 6) faults.push(`the title is "${document.title}"`);
    for (const one of document.querySelectorAll('script:not([src]), style, [style], [onclick], [onload], [onsubmit]'))
      faults.push(`inline code: ${one.outerHTML.slice(0, 60)}`);
    return faults;
  });
}

/** Fields whose label can't be seen, or is only a placeholder, and those that a browser can't fill in. */
export async function unlabelled(page) {
  return page.$$eval('main input:not([type="hidden"], [aria-hidden="true"]), main select, main textarea', (all) => all.flatMap((one) => {
    const label = [...one.labels ?? []].find((found) => found.getClientRects().length && found.innerText.trim());
    const faults = [];
    if (!label) faults.push(`${one.name} has no label`);
    if (one.placeholder) faults.push(`${one.name} has a placeholder`);
    if (!['checkbox', 'radio'].includes(one.type) && !one.autocomplete) faults.push(`${one.name} has no autocomplete`);
    if (one.autocomplete === 'one-time-code' && one.inputMode !== 'numeric') faults.push(`${one.name} asks for digits without their keys`);
    if (one.getAttribute('aria-invalid') === 'true' && !one.getAttribute('aria-describedby')) faults.push(`${one.name} is wrong and doesn't say why`);
    return faults;
  }));
}

/* --- screenshots: kept in .cache/screenshots, with a contact sheet --- */

const fileName = (parts) => `${parts.join('-').replace(/[^\w.-]+/g, '_')}.png`;

/** A folder of screenshots of its own for each test file, emptied when the file begins. */
export class Album {
  #shots = [];
  #devtools = new Map();

  constructor(folder = '') {
    this.place = join(process.env.DOORWARD_CACHE ?? join(source, '.cache'), 'screenshots', folder);
    mkdirSync(this.place, { recursive: true });
    for (const name of readdirSync(this.place)) if (name.endsWith('.png')) rmSync(join(this.place, name));
  }

  /** parts: page, state, language, width, colour scheme, … as far as the test tells them apart. */
  async add(page, ...parts) {
    const name = fileName(parts);
    await page.screenshot({ path: join(this.place, name), fullPage: true });
    this.#shots.push(name);
  }

  /** The same of a page that may be shown in a taller window from now on: half the time. */
  async addWhole(page, ...parts) {
    const { width, height } = page.viewportSize();
    const whole = await page.evaluate(() => document.documentElement.scrollHeight);
    if (whole > height) await page.setViewportSize({ width, height: whole });
    await page.evaluate(() => new Promise((drawn) => { requestAnimationFrame(() => requestAnimationFrame(drawn)); }));
    if (!this.#devtools.has(page)) this.#devtools.set(page, await page.context().newCDPSession(page));
    const { data } = await this.#devtools.get(page).send('Page.captureScreenshot', { format: 'png', optimizeForSpeed: true });
    const name = fileName(parts);
    writeFileSync(join(this.place, name), Buffer.from(data, 'base64'));
    this.#shots.push(name);
  }

  /** The contact sheet. */
  finish() {
    const figures = this.#shots.sort().map((name) =>
      `<figure><a href="${name}"><img src="${name}" alt="" loading="lazy"></a><figcaption>${name.slice(0, -4)}</figcaption></figure>`);
    writeFileSync(join(this.place, 'index.html'), `<!doctype html><html lang="en"><meta charset="utf-8"><title>Screenshots</title>
<style>body{font:14px sans-serif;display:flex;flex-wrap:wrap;gap:16px;background:#888}figure{margin:0;width:280px;background:#fff}
img{width:100%;height:400px;object-fit:cover;object-position:top}figcaption{padding:8px;overflow-wrap:anywhere}</style>
${figures.join('\n')}\n</html>\n`);
  }
}

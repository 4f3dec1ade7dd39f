// SPDX-License-Identifier: MIT
//
// lib/browsers.mjs: Debian's Chromium, and its Firefox where it is installed, driven by playwright-core.
//
//   const browser = await launch.chromium();                 of launch there are those that are installed
//   const page = await open(t, browser, url, { locale: 'zh' });
//   page.complaints                                          what should not have come to its console
//   await shifts(page)                                       what has moved by itself; Firefox does not tell
//
// Firefox has no colour scheme of a page: launch.firefox({ dark: true }) is one for all of its pages.
import { accessSync } from 'node:fs';
import { chromium, firefox } from 'playwright-core';

const FIREFOX = '/usr/bin/firefox-esr';
const PATIENCE = 60_000; // ms

const isThere = (path) => {
  try {
    return accessSync(path) === undefined;
  } catch {
    return false;
  }
};

export const launch = {
  chromium: () => chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--headless=new', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  }),
  ...(isThere(FIREFOX) && {
    firefox: ({ dark = false } = {}) => firefox.launch({
      channel: 'moz-firefox',
      executablePath: FIREFOX,
      firefoxUserPrefs: { 'layout.css.prefers-color-scheme.content-override': dark ? 0 : 1 },
    }),
  }),
};

function watchShifts() {
  window.shifts = [];
  if (!PerformanceObserver.supportedEntryTypes.includes('layout-shift')) return;
  const name = ({ node }) => node?.outerHTML?.slice(0, 60) ?? node?.data?.slice(0, 60);
  new PerformanceObserver((list) => {
    for (const { value, sources } of list.getEntries()) if (value > 0.02) window.shifts.push([value, ...sources.map(name)]);
  }).observe({ type: 'layout-shift', buffered: true });
}

export const shifts = (page) => page.evaluate(() => window.shifts);

/** A page in a browser profile of its own. */
export async function open(t, browser, url, profile = {}) {
  const context = await browser.newContext(profile);
  t.after(() => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  page.complaints = [];
  page.on('console', (message) => page.complaints.push(message.text()));
  page.on('pageerror', (error) => page.complaints.push(String(error)));
  page.on('response', (r) => r.status() >= 400 && page.complaints.push(`${r.url()}: ${r.status()}`));
  await page.addInitScript(watchShifts);
  await page.goto(url);
  return page;
}

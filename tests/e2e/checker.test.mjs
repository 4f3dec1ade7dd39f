// SPDX-License-Identifier: MIT
//
// The checker of the matrix and of the chaos, on histories made by hand: it finds nothing wrong with right ones, and
// each thing that can be wrong.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judge } from '../chaos/checker.mjs';

const E = 'k3f9a2c1';
const OTHER = 'zzzzzzzz';
const at = (n, epoch = E) => `${epoch}.${n}`;
const m = (n, epoch = E) => ({ at: at(n, epoch), data: `t:${n}` });
const raw = (n) => ({ data: `t:${n}` });
const published = [1, 2, 3, 4, 5, 6, 7, 8, 9].flatMap((n) => [{ channel: '/c', at: at(n), data: `t:${n}` }, { channel: '/c', at: at(n, OTHER), data: `t:${n}` }]);

/** The kinds of what is wrong with a client that lived so. */
const verdict = (sessions, rules = {}) =>
  judge({ published, clients: [{ name: 'a', channel: '/c', sessions, ...rules.client }], ...rules }).map(({ kind }) => kind);

const stream = (since, ...events) => ({ via: 'stream', since, events });
const complete = { heads: { '/c': at(9) }, client: { complete: true } };

const right = {
  'all of it': [[stream(undefined, { begin: at(0) }, m(1), m(2), m(3))]],
  'from now on': [[stream(undefined, { begin: at(7) }, m(8))]],
  'without positions': [[{ via: 'ws', events: [{ begin: at(3) }, raw(4), raw(5), { end: 'cut' }] }, stream(at(5), { begin: at(5) }, m(6))]],
  'resumed': [[stream(undefined, { begin: at(0) }, m(1), { end: 'cut' }), stream(at(1), { begin: at(1) }, m(2))]],
  'lost, and said at the beginning': [[stream(undefined, { begin: at(0) }, m(1)), stream(at(1), { begin: at(4), lost: 3 }, m(5))]],
  'lost, and said later': [[stream(undefined, { begin: at(0) }, m(1), { lost: 3, at: at(4) }, m(5))]],
  'events begin in front of their loss': [[{ via: 'sse', events: [{ begin: at(1) }] }, { via: 'sse', since: at(1), events: [{ begin: at(1) }, { lost: 3, at: at(4) }, m(5)] }]],
  'another epoch': [[stream(undefined, { begin: at(8) }, m(9)), stream(at(9), { begin: at(0, OTHER), lost: null }, m(1, OTHER))]],
  'behind the head': [[stream(undefined, { begin: at(8) }), stream(at(8), { begin: at(0), lost: null }, m(1))]],
  'polls': [[{ via: 'poll', events: [m(8), m(9), { poll: at(9) }] }, { via: 'poll', since: at(9), events: [{ poll: at(9) }] }], complete],
  'a poll that lost something': [[{ via: 'poll', events: [{ poll: at(1) }] }, { via: 'poll', since: at(1), events: [{ lost: 7, at: at(8) }, m(9), { poll: at(9) }] }]],
  'skipped on purpose': [[stream(undefined, { begin: at(0) }, { ...m(4), skipped: 3 }, m(5))]],
  'closed with the right position': [[{ via: 'ws', events: [{ begin: at(3) }, raw(4), { end: 'closed', code: 1013, reason: `lost since=${at(4)}` }] }]],
  'the server leaves': [[stream(undefined, { begin: at(0) }, { end: 'left' })]],
  'a policy closes': [[stream(undefined, { begin: at(0) }, { end: 'closed', code: 1008, reason: '' })]],
  'said again in another epoch, for who was not answered': [[stream(undefined, { begin: at(4) }, m(5)), stream(at(5), { begin: at(4, OTHER), lost: null }, m(5, OTHER))]],
  'what was kept is not lost': [[stream(undefined, { begin: at(0) }), stream(at(0), { begin: at(4), lost: 4, head: at(9) }, m(5))], { kept: 5 }],
};

for (const [name, [sessions, rules]] of Object.entries(right))
  test(`right: ${name}`, () => assert.deepEqual(verdict(sessions, rules), []));

const wrong = {
  'one is missing': ['loss', [stream(undefined, { begin: at(0) }, m(1), m(3))]],
  'one is missing where positions are not shown': ['data', [{ via: 'ws', events: [{ begin: at(0) }, raw(1), raw(3)] }]],
  'missing at the beginning': ['loss', [stream(undefined, { begin: at(0) }, m(2))]],
  'missing across a cut': ['loss', [stream(undefined, { begin: at(0) }, m(1)), stream(at(1), { begin: at(1) }, m(3))]],
  'begins elsewhere without a word': ['position', [stream(undefined, { begin: at(0) }, m(1)), stream(at(1), { begin: at(2) }, m(3))]],
  'another epoch without a word': ['loss', [stream(undefined, { begin: at(0) }, m(1), m(2, OTHER))]],
  'the last is missing': ['stuck', [stream(undefined, { begin: at(7) }, m(8))], complete],
  'a loss where none may be': ['loss', [stream(undefined, { begin: at(0) }, m(1), { lost: 3, at: at(4) }, m(5))], { lossless: true }],
  'a close for a loss where none may be': ['loss', [{ via: 'ws', events: [{ begin: at(3) }, { end: 'closed', code: 1013, reason: `lost since=${at(3)}` }] }], { lossless: true }],
  'twice': ['double', [stream(undefined, { begin: at(0) }, m(1), m(1))]],
  'twice across a cut': ['double', [stream(undefined, { begin: at(0) }, m(1), m(2)), stream(at(2), { begin: at(2) }, m(2), m(3))]],
  'twice where positions are not shown': ['double', [{ via: 'ws', events: [{ begin: at(0) }, raw(1), raw(1)] }], {}, 2],
  'published twice': ['double', [stream(undefined, { begin: at(0) })], { published: [{ channel: '/c', at: at(1), data: 'x' }, { channel: '/c', at: at(2), data: 'x' }] }],
  'two at one place': ['data', [stream(undefined, { begin: at(0) })], { published: [{ channel: '/c', at: at(1), data: 'x' }, { channel: '/c', at: at(1), data: 'y' }] }],
  'out of order': ['disorder', [stream(undefined, { begin: at(5) }, m(6), m(5))]],
  'another message at its place': ['data', [stream(undefined, { begin: at(0) }, { at: at(1), data: 't:2' })], {}, 2],
  'what nobody has said': ['data', [stream(undefined, { begin: at(0) }, { at: at(1), data: 'x' })], {}, 2],
  'one too few lost': ['count', [stream(undefined, { begin: at(0) }, m(1)), stream(at(1), { begin: at(4), lost: 2 }, m(5))]],
  'lost too many': ['count', [stream(undefined, { begin: at(0) }, m(1), { lost: 4, at: at(4) }, m(5))]],
  'lost none': ['count', [stream(undefined, { begin: at(0) }, { lost: 0, at: at(0) })]],
  'null where it can be counted': ['count', [stream(undefined, { begin: at(0) }, m(1), { lost: null, at: at(4) }, m(5))]],
  'counted where nobody can': ['count', [stream(undefined, { begin: at(0) }, m(1), { lost: 1, at: at(2, OTHER) })]],
  'lost although kept': ['count', [stream(undefined, { begin: at(0) }), stream(at(0), { begin: at(4), lost: 4, head: at(9) })], { kept: 6 }],
  'skipped too few': ['loss', [stream(undefined, { begin: at(0) }, { ...m(4), skipped: 2 })]],
  'an answer at another position than its messages': ['position', [{ via: 'poll', events: [m(8), { poll: at(9) }] }]],
  'no position': ['position', [stream(undefined, { begin: 'k3f9a2c1.01' })]],
  'ends as if complete': ['end', [stream(undefined, { begin: at(0) }, m(1), { end: 'clean' })]],
  'closed without a reason': ['end', [{ via: 'ws', events: [{ begin: at(3) }, { end: 'closed', code: 1000, reason: '' }] }]],
  'closed with another position': ['position', [{ via: 'ws', events: [{ begin: at(3) }, raw(4), { end: 'closed', code: 1013, reason: `lost since=${at(3)}` }] }]],
  'a client that is not where it says': ['client', [stream(undefined, { begin: at(0) }, m(1)), stream(at(3), { begin: at(3) })]],
  'something behind the end': ['client', [stream(undefined, { begin: at(0) }, { end: 'cut' }, m(1))]],
};

for (const [name, [kind, sessions, rules, times = 1]] of Object.entries(wrong))
  test(`wrong: ${name}`, () => {
    const kinds = verdict(sessions, rules);
    assert.ok(kinds.includes(kind) && kinds.length <= times, kinds.join(' '));
  });

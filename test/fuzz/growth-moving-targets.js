import { formatOf, formats, readHoldings, textOf } from '#built/moving-in/moving-in.js'

// A larger one is refused; nobody has as much.
const file = 65_536

// The library for YAML is slow, and not steeper for it: so much says as much as all that is let through.
const yaml = 8_192
const yamlFormats = ['oama', 'smtp2graph']

const words = [
  '[a@example.com]\n',
  '\n',
  '  ',
  'a = ',
  '%%',
  '[SMTP-1]\n',
  '{"a":',
  '"refresh_token":"',
  '["',
  '- ',
  'a:\n ',
  '&a ',
  '*a',
  'XOAUTH2_SECRET=',
  '\\.',
]

const openings = [
  '',
  '{"refresh_token":"',
  '[a@example.com]\na = ',
  'send:\n  a: ',
  'services:\n  a: ',
  'allowed_sender = ^(.*)@',
]

const helps = { passwords: [], withoutTokens: true, read: async () => '' }

/** @type {import('./growth-targets.js').GrowthTarget[]} */
export const movingTargets = [
  { name: 'which program wrote a file', longest: file, words, openings, read: formatOf },
  { name: 'whether a file is text', longest: file, words, read: (text) => textOf('', Buffer.from(text)) },
  ...formats.map((format) => ({
    name: `a file of ${format}`,
    longest: yamlFormats.includes(format) ? yaml : file,
    words,
    openings,
    read: (/** @type {string} */ text) => readHoldings([{ path: 'a@example.com', text }], helps, format),
  })),
]

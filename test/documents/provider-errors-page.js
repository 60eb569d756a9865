import { plain } from './made-part.js'

/** In the order of the page. */
const families = {
  microsoft: 'Microsoft: Exchange Online, Outlook.com, Entra',
  google: 'Google',
  yahoo: 'Yahoo and AOL',
  any: 'Any mail server or authorization server',
  postern: 'postern itself, as mail programs hear it',
}

const who = {
  administrator: 'an administrator',
  person: 'the owner of the mailbox',
  operator: 'whoever runs the relay or program that signs in',
  sender: 'the program that sends, or its user',
  time: 'time: it is a limit',
  nobody: 'nobody here: it passes',
}

const confidences = {
  documented: 'documented',
  reported: 'as users report it',
  'from-memory': 'not verified',
}

/**
 * Every known error of providers, with what it means and what helps.
 * @param {readonly any[]} errors
 * @param {Readonly<Record<string, string>>} sources
 */
export function providerErrorsPart(errors, sources) {
  const sections = Object.entries(families).map(([family, title]) => {
    const own = errors.filter((error) => error.family === family)
    return `## ${title}\n\n${own.map((error) => entryText(error, sources)).join('\n')}`
  })
  return sections.join('\n')
}

/**
 * @param {any} error
 * @param {Readonly<Record<string, string>>} sources
 */
function entryText({ id, when, meaning, fix, kind, evidence, example }, sources) {
  const steps = fix.map((/** @type {any} */ { words, command }, /** @type {number} */ at) => {
    const typed = command === undefined ? '' : `\n\n   \`\`\`${command.shell}\n   ${command.text}\n   \`\`\``
    return `${at + 1}. ${plain(words.en)}${typed}\n`
  })
  const from = evidence.sources.map((/** @type {string} */ name) => plain(sources[name] ?? name)).join('; ')
  return [
    `### ${id}\n\n\`${example ?? recognisedBy(when)}\`\n\n${plain(meaning.en)}\n\n`,
    steps.join(''),
    `\nWho can end it: ${who[/** @type {keyof typeof who} */ (kind.who)]}. `,
    `From: ${from} (${confidences[/** @type {keyof typeof confidences} */ (evidence.confidence)]}).\n`,
  ].join('')
}

/**
 * What one sees of it, from its patterns.
 * @param {any} when
 */
function recognisedBy(when) {
  const { code, status, words, challenge, error, number, http } = when
  return [
    number === undefined ? undefined : `AADSTS${number}`,
    error,
    http === undefined ? undefined : `HTTP ${http.join(', ')}`,
    readable(code),
    readable(status),
    challenge === undefined ? undefined : `{"status":"${readable(challenge)}"}`,
    readable(words),
  ]
    .filter((part) => part !== undefined)
    .join(' ')
}

/** @param {RegExp | undefined} pattern */
function readable(pattern) {
  return pattern?.source
    .replace(/^\^|\$$|\\b/g, '')
    .replaceAll('\\s+', ' ')
    .replace(/\\([.()[\]/])/g, '$1')
    .replaceAll('`', "'")
}

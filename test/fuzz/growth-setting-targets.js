import { closestName, shellWord } from '#built/base/text.js'
import { readEnvFile } from '#built/config/given-values.js'
import { readValues } from '#built/config/read-values.js'
import { settingList } from '#built/config/settings.js'
import { parseEndpoint } from '#built/net/endpoint.js'
import { parseProvidersFile } from '#built/providers/file/providers-file.js'
import { parseKey } from '#built/store/key-ring.js'
import { certificateName } from '#built/tls/issue.js'

// What the administrator writes: nothing bounds it, and nobody would write as much.
const file = 65_536
const value = 16_384

const env = ['A=1\n', 'A="\n', 'export ', '#', "'", ' = ', 'A=', '\r']
const names = ['SERVICE_PORT_', 'SERVICE_HOST', 'PORT_1_TCP_', '_']
const hosts = [
  '127.0.0.1:1,',
  '\u0315\u0316',
  '[::1]:1,',
  'a.',
  ':1',
  '+plain-auth',
  '.1',
  '-',
  'https://',
  'ü',
]
const json = ['{"providers":[', '{"id":"a"},', '"smtp":{', '"a":1,', '[', '{', '{"id":"', '\\u0061']

/** @type {import('./growth-targets.js').GrowthTarget[]} */
export const settingTargets = [
  { name: 'a .env file', longest: file, words: env, openings: ['', 'A=', 'A="'], read: readEnvFile },
  {
    name: 'the name of a setting',
    longest: value,
    words: names,
    openings: ['POSTERN_', 'POSTERN_SERVICE_'],
    read: (name) =>
      readValues({ [name]: '1' }, { workingDirectory: '/', read: missing, doubtOf: () => undefined }),
  },
  ...settingList.map(([, { name, parse }]) => ({
    name,
    longest: value,
    words: hosts,
    openings: ['', 'https://', 'whsec_', 'https://a/'],
    read: (/** @type {string} */ text) => parse(text, '/'),
  })),
  { name: 'an endpoint', longest: value, words: hosts, read: parseEndpoint },
  {
    name: 'a providers file',
    longest: file,
    words: json,
    openings: ['', '{"providers":[{"id":"', '{"overrides":{"'],
    read: (text) => parseProvidersFile(text, missing),
  },
  { name: 'a sealing key', longest: value, words: ['AEIM', '0f'], read: parseKey },
  {
    name: 'a name of a certificate',
    longest: value,
    words: ['*.', 'a.', '[', ']', '-'],
    openings: ['', '*.', '['],
    read: certificateName,
  },
  {
    name: 'a mistyped name',
    longest: value,
    words: names,
    openings: ['POSTERN_'],
    read: (text) => closestName(text, ['POSTERN_SMTP_LISTEN']),
  },
  { name: 'a word for a shell', longest: file, words: ["'"], read: shellWord },
]

/** @returns {string} */
function missing() {
  throw Object.assign(new Error('there is none'), { code: 'ENOENT' })
}

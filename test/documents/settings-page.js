import { tableOf } from './made-part.js'

/**
 * The sections of `.env.example`, each with its settings as a table: a test there holds the file against the table of settings.
 * @param {string} example what `.env.example` has
 * @param {readonly { name: string, default?: string, sample?: string, sentence: string, secret: boolean }[]} settings
 * @param {readonly { settings: readonly string[], take?: unknown }[]} parts in which a reload takes them up; without `take` only a restart does
 */
export function settingsPart(example, settings, parts) {
  const atRestart = parts.flatMap(({ take, settings: names }) => (take === undefined ? names : []))
  const sections = example.split(/^# ---- (.+) ----$/m).slice(1)
  const shownParts = []
  for (let at = 0; at < sections.length; at += 2) {
    const [title = '', text = ''] = sections.slice(at, at + 2)
    const names = new Set([...text.matchAll(/^# (POSTERN_\w+)=/gm)].map(([, name]) => name))
    const own = settings.filter(({ name }) => names.has(name))
    const rows = own.map((setting) => rowOf(setting, atRestart.includes(setting.name)))
    shownParts.push(`## ${title}\n\n${tableOf(['setting', 'default', 'what it says'], rows)}`)
  }
  const shown = shownParts.join('\n')
  const lost = settings.filter(({ name }) => !shown.includes(`\`${name}\``))
  if (lost.length > 0) throw new Error(`.env.example has no ${lost.map(({ name }) => name).join(', ')}`)
  return shown
}

/**
 * @param {{ name: string, default?: string, sample?: string, sentence: string, secret: boolean }} setting
 * @param {boolean} isAtRestart
 */
function rowOf({ name, default: byDefault, sample, sentence, secret }, isAtRestart) {
  const names = secret ? `\`${name}\`, \`${name}_FILE\`` : `\`${name}\``
  const value = byDefault === undefined ? `none; such as \`${sample}\`` : `\`${byDefault}\``
  return [isAtRestart ? `${names} ↻` : names, value, sentence]
}

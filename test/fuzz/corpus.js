import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { planFromJson, planToJson, toJson } from './session-plan.js'

/** Every input that ever failed, a JSON file each: sessions, and inputs of single parsers. Replayed first in every run. */
const folder = join(import.meta.dirname, 'corpus')

/** @typedef {{ name: string, parser: string, input: string, cuts: number[] }} ParserCase `input` in base64 */

export async function readCorpus() {
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.json')).sort()
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))
  const isParserCase = (/** @type {string} */ text) => 'parser' in JSON.parse(text)
  return {
    sessions: texts.filter((text) => !isParserCase(text)).map(planFromJson),
    /** @type {ParserCase[]} */
    parserCases: texts.filter(isParserCase).map((text) => JSON.parse(text)),
  }
}

/** @param {import('./session-plan.js').SessionPlan} plan @returns where it is kept */
export function keepSession(plan) {
  return keep(`session-${plan.name}`, planToJson(plan))
}

/** @param {ParserCase} failed */
export function keepParserCase(failed) {
  return keep(failed.name, toJson(failed))
}

/** @param {string} name @param {string} text */
async function keep(name, text) {
  await mkdir(folder, { recursive: true })
  const file = join(folder, `${name}.json`)
  await writeFile(file, text)
  return file
}

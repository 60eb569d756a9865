import { describe, expect, it } from 'vitest'
import {
  Failure,
  type FailureId,
  failure,
  filled,
  type Sentence,
  withRetryAfter,
} from '../../src/base/failure.ts'
import { catalogue } from '../../src/failures/catalogue.ts'
import type { FailureEntry } from '../../src/failures/entry.ts'
import { texts as japaneseTexts } from '../../src/failures/japanese/texts.ts'
import { text, texts } from '../../src/failures/texts.ts'
import { fixesOnPages } from '../../src/web/texts/fixes-on-pages.ts'
import { phrasesIn } from '../../src/web/texts/phrases.ts'
import { errorsPart } from '../documents/errors-page.js'
import { pageBeside } from '../documents/made-part.js'

const entries: [string, FailureEntry][] = Object.entries(catalogue)
const places = (text = '') => [...new Set(text.match(/\{[\w.]+\}/g))].sort()

/** As whoever throws it makes it, with its places as values. */
function anExample(id: string, { message, fix, told }: FailureEntry): Failure {
  const names = [message, fix, told].flatMap(places).map((place) => place.slice(1, -1).split('.'))
  const inner: Sentence = failure('address.no-network', { text: 'inner' })
  const values: Record<string, string | Sentence> = Object.fromEntries(
    names.map(([name = '']) => [name, `<${name}>`]),
  )
  for (const [name = '', part] of names) if (part !== undefined) values[name] = inner
  return Reflect.apply(failure, undefined, [id, values])
}

describe('the catalogue of failures', () => {
  it('a failure has a stable id: a subject, and what happened', () => {
    const wrong = entries
      .map(([id]) => id)
      .filter((id) => !/^[a-z]+(-[a-z]+)*\.[a-z0-9]+(-[a-z0-9]+)*$/.test(id))
    expect(wrong).toEqual([])
  })

  it('a failure says what is wrong without a full stop, and what to do in whole sentences', () => {
    const wrong = entries.filter(
      ([, { message, fix = '.' }]) => /\.$/.test(message) || /^\s|\s$|\n/.test(`${message}${fix}`),
    )
    expect(wrong).toEqual([])
  })

  it('no place has the name of something that is told beside the sentence: it would stay empty', () => {
    const beside = ['cause', 'said', 'known', 'retryAfterSeconds', 'code']
    const wrong = entries.filter(([, { message, fix, told }]) =>
      [message, fix, told].flatMap(places).some((place) => beside.includes(place.slice(1, -1))),
    )
    expect(wrong).toEqual([])
  })

  it('each failure is there in Japanese, with the same values', () => {
    const t = phrasesIn('ja')
    for (const [id, entry] of entries) {
      const example = anExample(id, entry)
      const said = { message: t.messageOf(example), fix: t.fixOf(example) }
      const english = { ...entry, fix: fixesOnPages[id as FailureId] ?? entry.fix }
      for (const part of ['message', 'fix'] as const) {
        const ofItself = places(english[part]).filter(
          (place) => typeof example.values[place.slice(1, -1)] === 'string',
        )
        for (const place of ofItself) expect(said[part], id).toContain(`<${place.slice(1, -1)}>`)
        if (entry[part] !== undefined && /[a-z]{3}/.test(entry[part].replaceAll(/\{[\w.]+\}/g, '')))
          expect(said[part], id).toMatch(/[\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Han}]/u)
      }
      expect(`${said.message}${said.fix}`, id).not.toMatch(/[{}]|TODO/)
    }
  })
})

describe('a failure', () => {
  it('a failure has the code, the message and the fix of its entry, with its values', () => {
    const cause = new Error('why')
    const thrown = failure('network.too-slow', { host: 'mail.example', seconds: 5, cause, said: 'no' })
    expect(thrown).toMatchObject({
      id: 'network.too-slow',
      values: { host: 'mail.example', seconds: 5 },
      code: 'provider-unavailable',
      message: 'mail.example did not answer within 5 seconds',
      cause,
      said: 'no',
    })
    expect(thrown.fix).toMatch(/^Try again later/)
  })

  it('a failure demands the values of its id, and no others', () => {
    // @ts-expect-error a value is missing
    failure('network.too-slow', { host: 'mail.example' })
    // @ts-expect-error all are missing
    failure('network.too-slow')
    // @ts-expect-error there is no such value
    failure('network.too-slow', { host: 'mail.example', seconds: 5, port: 25 })
    // @ts-expect-error there is no such failure
    expect(() => filled('network.strange')).toThrow()
    expect(failure('postern.stopping').values).toEqual({})
  })

  it('a failure takes values as they are, whatever they look like', () => {
    const { message } = failure('network.too-slow', { host: '{seconds} $& {host}', seconds: 5 })
    expect(message).toBe('{seconds} $& {host} did not answer within 5 seconds')
  })

  it('a failure keeps what it is when its time changes', () => {
    const thrown = failure('network.too-slow', { host: 'mail.example', seconds: 5, said: 'later' })
    const { message, fix, id, values, said } = thrown
    expect(withRetryAfter(thrown, 7)).toMatchObject({ message, fix, id, values, said, retryAfterSeconds: 7 })
    expect(withRetryAfter(thrown, 7)).toBeInstanceOf(Failure)
  })
})

describe('docs/errors.md', () => {
  it('is made from the catalogue (npm run docs)', async () => {
    const { is, wouldBe } = await pageBeside('errors.md', errorsPart(catalogue))
    expect(is).toBe(wouldBe)
  })
})

describe('a text that is no failure', () => {
  it('each text has the same places in Japanese', () => {
    const placesIn = (entry: { message: string; fix?: string }) =>
      [entry.message, entry.fix ?? ''].map((words) => (words.match(/\{\w+\}/g) ?? []).sort())
    for (const [id, entry] of Object.entries(texts))
      expect(placesIn(japaneseTexts[id as keyof typeof texts]), id).toEqual(placesIn(entry))
  })

  it('why a file is not trusted is said in Japanese, in the failure that names it', () => {
    const problem = text('doubt.in-folder', {
      folder: '/srv',
      problem: text('doubt.of-another', { user: 7 }),
    })
    const what = text('file.key')
    const remedy = text('doubt.run', { command: 'chmod 600 /srv/key' })
    const refused = failure('data.not-trusted', { what, path: '/srv/key', problem, remedy })
    expect(refused.message).toBe(
      'The key file /srv/key stands in /srv, which belongs to another user (number 7)',
    )
    const t = phrasesIn('ja')
    expect(t.messageOf(refused)).toBe(
      '鍵ファイル /srv/key: /srv にあり、そのフォルダーはほかのユーザー(番号 7)が所有しています',
    )
    expect(t.fixOf(refused)).toBe('次を実行してください: chmod 600 /srv/key。')
  })

  it('the text is said by its id in each language, with texts in its places', () => {
    const place = text('revocation.settings')
    const said = text('revocation.failed', { provider: 'Example', place })
    expect(said.message).toBe(
      'Example could not be asked to end the consent. To end the consent there, go to the settings of the account there.',
    )
    expect(phrasesIn('ja').messageOf(said)).toBe(
      'Example に同意の終了を依頼できませんでした。終了するには、そのアカウントの設定 を開いてください。',
    )
  })
})

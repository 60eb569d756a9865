import { type Address, parseAddress } from '../model/address.ts'
import type { Command, Family, KnownError, Values, Words } from '../providers/errors/known-error.ts'
import { fillCommand, findInText } from '../providers/errors/known-errors.ts'
import { sources } from '../providers/errors/sources.ts'

/**
 * What a pasted text means: a log line, a reply, a bounce, an address out of a browser. All of it is
 * our own words, in every language. Of the text nothing is in it but a mail address.
 */
export interface Explanation {
  /** Of the error, in the catalogue. */
  id: string
  meaning: Words
  /** The most likely help first. */
  fix: readonly FilledStep[]
  kind: KnownError['kind']
  confidence: KnownError['evidence']['confidence']
  sources: readonly string[]
  /** The mailbox that the text seems to be about. */
  mailbox?: Address
}

/** A thing to do, with its command as it is typed. */
interface FilledStep {
  words: Words
  command?: Command
}

/** Undefined: nothing that we know is in the text. `values`: what is known better than by the text. */
export function explain(text: string, values: Values = {}): Explanation | undefined {
  const error = findInText(text)
  if (!error) return undefined
  const told = valuesIn(text)
  const filled = { ...providerOf(error.family), ...told, ...values }
  const mailbox = values.mailbox ?? told.mailbox
  return {
    id: error.id,
    meaning: error.meaning,
    fix: error.fix.map(({ words, command }) =>
      command ? { words, command: { ...command, text: fillCommand(command, filled) } } : { words },
    ),
    kind: error.kind,
    confidence: error.evidence.confidence,
    sources: error.evidence.sources.map((name) => sources[name]),
    ...(mailbox !== undefined && { mailbox: parseAddress(mailbox) }),
  }
}

function providerOf(family: Family): Values {
  return family === 'any' || family === 'postern' ? {} : { provider: family }
}

const longestText = 32_768
const addresses = /[^\s<>()[\]{},;:"'=\\|/]{1,64}@[a-z0-9][a-z0-9.-]{2,200}[a-z0-9]/gi

/** Everything in a text that may be a mail address, to compare it with the mailboxes that there are. */
export function addressesIn(text: string): Address[] {
  const found = text.slice(0, longestText).match(addresses) ?? []
  return [...new Set(found.flatMap((one) => addressOf(one) ?? []))].slice(0, 20)
}

function addressOf(text: string): Address | undefined {
  try {
    return parseAddress(text)
  } catch {
    return undefined
  }
}

const before = String.raw`(?:\bfor|\buser(?:[ _-]?name)?|\bmailbox|\baccount|\blogin|\bfrom|\bsender)["']?\s*(?:[:=]|is)?\s*["'<]*`
const named = new RegExp(`${before}(${addresses.source})`, 'i')
const asSender = new RegExp(`not allowed to send as\\s+["'<]*(${addresses.source})`, 'i')
const whoIsNotAllowed = new RegExp(`(${addresses.source})\\s+(?:is )?not allowed to send as`, 'i')

/**
 * Only an address that the text itself calls a user, a sender or the like: what merely looks like
 * one may be a password.
 */
function valuesIn(text: string): Values {
  const short = withoutSecrets(text.slice(0, longestText))
  const mailbox = addressAt(whoIsNotAllowed, short) ?? addressAt(named, short)
  const sender = addressAt(asSender, short)
  return { ...(mailbox && { mailbox }), ...(sender && { sender }) }
}

function addressAt(pattern: RegExp, text: string): Address | undefined {
  const [, found] = pattern.exec(text) ?? []
  return found === undefined ? undefined : addressOf(found.replace(/\.+$/, ''))
}

/** `smtp://user:secret@host`, and what is called a password. */
function withoutSecrets(text: string): string {
  return text
    .replace(/\b[a-z][a-z0-9+.-]*:\/\/\S+/gi, ' ')
    .replace(/\b(pass(word|wd)?|pwd|secret|token|code)["']?\s*[:=]\s*\S+/gi, ' ')
    .replace(/\bAUTH (PLAIN|LOGIN|XOAUTH2|OAUTHBEARER) \S+/gi, ' ')
}

/** Where somebody can look whose text we do not know. */
export function elsewhere(text: string): Words[] {
  const [, number] = /AADSTS(\d{4,8})\b/i.exec(text) ?? []
  return [
    ...(number === undefined
      ? []
      : [
          {
            en: `Entra's own page of this number: https://login.microsoftonline.com/error?code=${number}`,
            ja: `この番号についての Entra のページ: https://login.microsoftonline.com/error?code=${number}`,
          },
        ]),
    ...general,
  ]
}

const general: readonly Words[] = [
  {
    en: 'What happened lately: postern journal --outcome failed',
    ja: '最近起きたこと: postern journal --outcome failed',
  },
  {
    en: 'How each mailbox stands: postern mailbox list',
    ja: '各メールボックスの状態: postern mailbox list',
  },
  {
    en: 'The sign-in logs of the provider, such as Monitoring, Sign-in logs in the Entra admin centre: they name the reason of a refusal.',
    ja: 'プロバイダーのサインイン ログ(Entra 管理センターの「監視」「サインイン ログ」など)。拒否の理由が表示されます。',
  },
  {
    en: 'The log of the program that sends, with more of the lines before this one: a code such as 535 5.7.139 or AADSTS70008 says most.',
    ja: '送信するプログラムのログ(この行より前も含めて)。535 5.7.139 や AADSTS70008 のようなコードが最も参考になります。',
  },
]

import { type Address, parseAddress } from '../model/address.ts'
import type { Command, Family, KnownError, Place, Values, Words } from '../providers/errors/known-error.ts'
import { fillCommand, findInText, openPlaces } from '../providers/errors/known-errors.ts'
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
  /** The mailbox that the text is about, where that is certain. */
  mailbox?: Address
  /** What is to be put into the commands by hand, because nothing says for certain what it is. */
  toFill: readonly Words[]
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
    toFill: toFillOf(error, filled),
  }
}

function toFillOf({ fix }: KnownError, values: Values): Words[] {
  const open = fix.flatMap(({ command }) => (command ? openPlaces(command, values) : []))
  const places = [...new Set(open.map(([place]) => place))]
  return places.map((place) => {
    const shown = [...new Set(open.flatMap(([one, text]) => (one === place ? [text] : [])))]
    return {
      en: `Put ${placeWords[place].en} in the place of ${shown.join(' and ')}: the text does not say for certain which it is.`,
      ja: `${shown.join(' と ')} の部分には${placeWords[place].ja}を入れてください。この文面からは確定できません。`,
    }
  })
}

const placeWords: Record<Place, Words> = {
  mailbox: { en: 'the address of the mailbox', ja: 'メールボックスのアドレス' },
  sender: { en: 'the sender address', ja: '差出人アドレス' },
  provider: {
    en: 'the id of the provider (postern provider list)',
    ja: 'プロバイダーの ID(postern provider list)',
  },
}

function providerOf(family: Family): Values {
  return family === 'any' || family === 'postern' ? {} : { provider: family }
}

const longestText = 32_768
const addresses = /[^\s<>()[\]{},;:"'=\\|/]{1,64}@[a-z0-9][a-z0-9.-]{2,200}[a-z0-9]/gi

/**
 * The mailbox that a text is about. Undefined where it is not certain: most addresses in a log or a
 * bounce are those of recipients, or of the people who ask.
 * @param isHere whether it is a mailbox of this installation
 */
export function mailboxIn(
  text: string,
  isHere: (address: Address) => boolean = () => false,
): Address | undefined {
  const here = addressesIn(text).filter(isHere)
  const [only, ...others] = here
  if (only !== undefined && others.length === 0) return only
  const named = mailboxesNamedIn(text).filter((address) => here.length === 0 || isHere(address))
  return named.length === 1 ? named[0] : undefined
}

/** Everything in a text that may be a mail address, to compare it with the mailboxes that there are. */
function addressesIn(text: string): Address[] {
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

const label = String.raw`(?<![\w-])(?:user(?:[ _-]?name)?|sasl_username|mailbox|login|sender|from)["']?=["'<]*|(?<![\w-])["']?(?:user(?:[ _-]?name)?|mailbox|login|sender)["']?:\s*["'<]*|\bMAIL FROM:\s*<`
const ours = String.raw`\b(?:refused the (?:sign-in|access token)|No access token) for\s+`
/** Where a text says plainly who sends. */
const whoSends: readonly RegExp[] = [
  new RegExp(`(?:${label})(${addresses.source})`, 'gi'),
  new RegExp(`${ours}(${addresses.source})`, 'gi'),
  new RegExp(`(${addresses.source})\\s+(?:is )?not allowed to send as`, 'gi'),
]
const asSender = new RegExp(`not allowed to send as\\s+["'<]*(${addresses.source})`, 'i')

/**
 * Only an address that the text itself calls a user, a sender or the like: what merely looks like
 * one may be a recipient, or a password.
 */
function mailboxesNamedIn(text: string): Address[] {
  const short = withoutSecrets(text.slice(0, longestText))
  const found = whoSends.flatMap((pattern) => [...short.matchAll(pattern)].map(([, address = '']) => address))
  return [...new Set(found.flatMap((one) => addressOf(one.replace(/\.+$/, '')) ?? []))]
}

function valuesIn(text: string): Values {
  const mailbox = mailboxIn(text)
  const [, sent] = asSender.exec(withoutSecrets(text.slice(0, longestText))) ?? []
  const sender = sent === undefined ? undefined : addressOf(sent.replace(/\.+$/, ''))
  return { ...(mailbox && { mailbox }), ...(sender && { sender }) }
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
    ja: '最近起きたこと: 「postern journal --outcome failed」',
  },
  {
    en: 'How each mailbox stands: postern mailbox list',
    ja: '各メールボックスの状態: 「postern mailbox list」',
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

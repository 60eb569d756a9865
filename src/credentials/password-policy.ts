import type { ZxcvbnFactory } from '@zxcvbn-ts/core'
import { lazy } from '../base/async.ts'
import { type Failure, failure } from '../base/failure.ts'
import { normalForm } from '../base/text.ts'

const least = 10
/** Longest password in octets of UTF-8. Longer ones are refused before any of them is hashed. */
const passwordOctets = 256
const distinctAtLeast = 5
const digitsOnlyAtLeast = 16
/** What no password may be guessed within. Nine random characters are worth that. */
const fewestGuesses = 1e9
/** The time of an estimate grows faster than the length; of a longer password the beginning counts. */
const judgedCharacters = 64

/**
 * A password as it is hashed and compared (RFC 8265, section 4.2: OpaqueString): NFC, every kind of
 * space as U+0020. Undefined when it is empty, over 256 octets, or holds control characters: no
 * login has such a password.
 */
export function preparePassword(text: string): string | undefined {
  if (text === '' || Buffer.byteLength(text) > passwordOctets) return undefined
  const prepared = normalForm(text.replace(/\p{Zs}/gu, ' '))
  return /\p{Cc}/u.test(prepared) || Buffer.byteLength(prepared) > passwordOctets ? undefined : prepared
}

/**
 * Checks a password that a person chose and prepares it. `names` are the user name and the mailbox
 * addresses. There are no rules of composition (NIST SP 800-63B-4, section 3.1.1.2): only length,
 * and not to be among the first guesses.
 * @throws Failure `invalid` that says exactly why, and never repeats the password
 */
export async function checkChosenPassword(text: string, names: readonly string[]): Promise<string> {
  const prepared = preparePassword(text)
  if (prepared === undefined) throw failure('password.unreadable', { least, octets: passwordOctets })
  const refusal = weakness(prepared, names) ?? (await guessableBy(prepared, names))
  if (refusal) throw refusal
  return prepared
}

/** What shows without an estimate. */
function weakness(password: string, names: readonly string[]): Failure | undefined {
  const folded = password.toLowerCase()
  const length = [...password].length
  if (length < least) return failure('password.too-short', { length, least })
  const contained = namesWithin(folded, names)
  if (contained !== undefined) return failure('password.holds-name', { name: contained })
  const distinct = new Set(folded).size
  if (distinct < distinctAtLeast) return failure('password.few-characters', { distinct })
  return undefined
}

function namesWithin(folded: string, names: readonly string[]): string | undefined {
  return names
    .flatMap((name) => [name, name.split('@')[0] ?? ''])
    .map((name) => normalForm(name).toLowerCase())
    .find((name) => isLongEnough(name) && folded.includes(name))
}

// Two letters are found in every good password, so shorter names do not count.
function isLongEnough(name: string): boolean {
  return name.length >= 3
}

/** By which of the ways of guessers a password is found too soon. */
async function guessableBy(password: string, names: readonly string[]): Promise<Failure | undefined> {
  const { byPatterns, byWords } = await estimators()
  const patterns = estimate(byPatterns, password)
  if (patterns.guesses < fewestGuesses) {
    if (patterns.longest === 'repeat') return failure('password.repeats')
    if (patterns.longest !== 'date') return failure('password.run-of-keys')
  }
  const length = [...password].length
  if (/^\d+$/.test(password) && length < digitsOnlyAtLeast) {
    return failure('password.number', { least: digitsOnlyAtLeast })
  }
  if ([...password.replace(/\d/g, '')].length <= 3 && length < digitsOnlyAtLeast) {
    return failure('password.nearly-number', { least: digitsOnlyAtLeast })
  }
  const own = wordsOf(names)
  const forms = [password, password.replace(betweenWords, '')]
  if (forms.some((form) => estimate(byWords, form, own).guesses < fewestGuesses)) {
    return failure('password.common')
  }
  return undefined
}

/** Guessers join words by every sign there is, so that a sign between two of them is worth nothing. */
const betweenWords = /(?<=\p{L}{3})[^\p{L}\p{N}]+(?=\p{L}{3})/gu

/** The words that names and addresses are made of, the labels of the domain among them. */
function wordsOf(names: readonly string[]): string[] {
  return names
    .flatMap((name) =>
      normalForm(name)
        .toLowerCase()
        .split(/[^\p{L}]+/u),
    )
    .filter(isLongEnough)
}

/**
 * The guesses for the pieces of a text, one after the other in any order. zxcvbn's own sum is higher
 * for each further piece, and would take three words with their digits for a good password.
 */
function estimate(by: ZxcvbnFactory, text: string, own: string[] = []) {
  const { sequence } = by.check(text, own)
  const guesses = sequence.reduce((product, piece, at) => product * Number(piece.guesses) * (at + 1), 1)
  const [longest] = [...sequence].sort((one, other) => other.token.length - one.token.length)
  return { guesses, longest: longest?.pattern }
}

/** Loaded when somebody chooses a password: the dictionaries take 60 MB of memory. */
const estimators = lazy(async () => {
  const [{ ZxcvbnFactory }, common, english] = await Promise.all([
    import('@zxcvbn-ts/core'),
    import('@zxcvbn-ts/language-common'),
    import('@zxcvbn-ts/language-en'),
  ])
  const options = {
    graphs: common.adjacencyGraphs,
    maxLength: judgedCharacters,
    // The usual hundred ways to read `1` and `3` as letters find no more and take thrice the time.
    l33tMaxSubstitutions: 16,
  }
  const further = furtherWords.split(/\s+/).filter((word) => word !== '')
  const dictionary = { ...common.dictionary, ...english.dictionary, further }
  return {
    byPatterns: new ZxcvbnFactory(options),
    byWords: new ZxcvbnFactory({ ...options, dictionary }),
  }
})

/**
 * What is near at hand where mail is sent by devices and programs, what other languages than English
 * have for a password, and walks over the keyboard: those that the dictionaries do not have.
 */
const furtherWords = `
postern smtp smtprelay smtp-relay relay relayhost mailserver mailrelay mailgateway scan scans scanner scantomail scantoemail scan2mail faxmail noreply outbox postfach
printer copier copyroom frontdesk multifunction mfp mfc plotter webserver wlan qnap synology snmp nagios zabbix grafana postgres postgresql hotmail office365 itadmin itsupport sysop devops firma gmbh
superuser superadmin changethis change_me pleasechange newlogin yourpassword thepassword letme companyname workgroup
passwort kennwort geheim geheimnis schluessel schlüssel sicherheit zugangsdaten anmeldung benutzer verwaltung buchhaltung buero büro rechnung bestellung einkauf verkauf versand vertrieb empfang sekretariat kanzlei kasse kunden kundendienst informatik
contraseña acceso acesso administrador administrateur usuario motdepasse hasło haslo lösenord adgangskode şifre 密码 пароль parol
willkommen bienvenido hallowelt moin gruezi welcomehome vivalavida
frühling sommer herbst winter ete hiver invierno verano januar februar märz april juni juli august september oktober november dezember montag dienstag mittwoch donnerstag freitag samstag sonntag weihnachten ostern geburtstag
ichliebedich tequieromucho teamomucho mausebaer engelchen prinzessin spatzi coucou
deutschland österreich schweiz türkiye magyarorszag slovensko ceskarepublika köln koeln nuernberg duesseldorf fussballgott bvb hsv forzaitalia
fortnite roblox skyrim valorant esports rockyou rollingstones harley-davidson correcthorsebatterystaple
1qaz 2wsx 3edc 4rfv 5tgb 6yhn 7ujm 8ik zaq1 xsw2 cde3 vfr4 qazwsx edcrfv tgbyhn asdasdasd zxczxc abcabc
`

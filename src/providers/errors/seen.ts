import type { AnswerPhase, Family, ReplyPhase } from './known-error.ts'

// What somebody has seen of an error, and how it is read out of a text.

/** `family`: whose it is, where that is known. */
export type Seen = (SeenReply | SeenAnswer | { layer: 'heard'; text: string }) & { family?: Family }

/** Of a mail server. */
export interface SeenReply {
  layer: 'reply'
  phase?: ReplyPhase
  code?: number
  /** The enhanced status. */
  status?: string
  /** The status in an error challenge. */
  challenge?: string
  /** All lines. */
  text: string
}

/** Of an authorization server. */
export interface SeenAnswer {
  layer: 'answer'
  phase?: AnswerPhase
  /** RFC 6749, section 5.2. */
  error?: string
  numbers: readonly number[]
  /** The HTTP status. */
  http?: number
  text: string
}

/** The numbers of Entra in a text: `AADSTS70008`. */
export function entraNumbers(text: string): number[] {
  return [...text.matchAll(/AADSTS(\d{4,8})\b/gi)].map(([, digits]) => Number(digits))
}

/**
 * Everything in a text that may be an error, the most telling first: numbers of Entra, replies of
 * mail servers, names of OAuth, and last its words alone.
 */
export function seenIn(raw: string): Seen[] {
  const text = plainText(raw)
  const family = familyIn(text)
  const of = family === undefined ? {} : { family }
  const withFamily: Seen[] = [...answersIn(text), ...repliesIn(text), ...wordsAloneIn(text)].map((seen) => ({
    ...seen,
    ...of,
  }))
  return numbersFirst(withFamily.filter(isFirst)).slice(0, mostSeen)
}

/** A long bounce repeats its codes; each that is looked up costs a reading of the whole text. */
const mostSeen = 20

function isFirst(seen: Seen, place: number, all: readonly Seen[]): boolean {
  const same = JSON.stringify({ ...seen, text: '' })
  return all.findIndex((other) => JSON.stringify({ ...other, text: '' }) === same) === place
}

function numbersFirst(all: readonly Seen[]): Seen[] {
  const isNumbered = (seen: Seen) => seen.layer === 'answer' && seen.numbers.length > 0
  return [...all.filter(isNumbered), ...all.filter((seen) => !isNumbered(seen))]
}

/** More than any log line, page or bounce. */
const longestText = 32_768

/** On one line, and without the encodings in which browsers and programs write it down. */
function plainText(raw: string): string {
  return raw
    .slice(0, longestText)
    .replace(/[?&#](error|error_description|error_subcode|error_uri)=([^&\s'"]+)/g, decoded)
    .replace(/\\u0027/g, "'")
    .replace(/\\[rn]/g, ' ')
    .replace(/\\"/g, '"')
    .replace(/&#39;|&apos;|\u2019/g, "'")
    .replace(/&quot;/g, '"')
    .replace(/\s+/g, ' ')
}

function decoded(whole: string, name: string, value: string): string {
  try {
    return ` ${name}="${decodeURIComponent(value.replaceAll('+', ' '))}" `
  } catch {
    return whole
  }
}

const traces: readonly [Family, RegExp][] = [
  ['microsoft', /AADSTS|microsoft|office365|outlook\.(com|cn)|STOREDRV|exchange|\bEntra\b/i],
  ['google', /\bgsmtp\b|google|gmail/i],
  ['yahoo', /yahoo|#AUTH005|\bTSS0\d/i],
]

/** Undefined where a text tells of none, or of several. Addresses are those of anybody. */
function familyIn(text: string): Family | undefined {
  const withoutAddresses = text.replace(/[^\s@]{1,64}@[^\s@]{1,255}/g, ' ')
  const found = traces.filter(([, pattern]) => pattern.test(withoutAddresses))
  return found.length === 1 ? found[0]?.[0] : undefined
}

const namesOfErrors =
  /(?<![\w.])(invalid_grant|invalid_client|unauthorized_client|invalid_scope|invalid_request|unsupported_grant_type|invalid_resource|access_denied|server_error|temporarily_unavailable|interaction_required|consent_required|login_required|authorization_pending|slow_down|expired_token|authorization_declined|bad_verification_code|deleted_client|disabled_client|admin_policy_enforced|org_internal|redirect_uri_mismatch|disallowed_useragent|internal_failure|invalid_rapt)(?![\w.])/

function answersIn(text: string): SeenAnswer[] {
  const numbers = [...entraNumbers(text), ...numbersBeside(text)]
  const [, error] = namesOfErrors.exec(text) ?? []
  const [, http] = /\bHTTP(?:\/[\d.]+)?(?: status)?(?: code)?[ :]+([1-5]\d\d)\b/i.exec(text) ?? []
  const named = error === undefined ? {} : { error }
  const answer: SeenAnswer = { layer: 'answer', numbers: [], text, ...named }
  const isOfTokens = /token|oauth/i.test(text)
  return [
    ...(numbers.length > 0 ? [{ ...answer, numbers }] : []),
    ...(error === undefined ? [] : [answer]),
    ...(http !== undefined && isOfTokens ? [{ ...answer, http: Number(http) }] : []),
  ]
}

/** Where the number stands by itself: in the JSON, in the address of its page, or as all of the text. */
function numbersBeside(text: string): number[] {
  const found =
    /"?error_codes"?\s*:\s*\[\s*(\d{4,8})/.exec(text) ??
    /\/error\?code=(\d{4,8})\b/.exec(text) ??
    /\berror code:? (\d{5,8})\b/i.exec(text) ??
    /^\s*(\d{5,8})\s*$/.exec(text)
  return found ? [Number(found[1])] : []
}

/** A code and its enhanced status, with whatever programs put between them. */
const codeAndStatus =
  /(?<![\d.])([45]\d\d|334)(?:[\s\-,:;#('"/]|b(?=['"])){1,6}([45]\.\d{1,3}\.\d{1,3})(?!\.?\d)/g
const statusAlone = /(?<![\d.])([45]\.\d{1,3}\.\d{1,3})(?!\.?\d)/g
/** A code where programs write one. */
const codeAlone =
  /(?:^|said:? |\b(?:reply|response|code|error|status|smtp|returned|server|replied|login|failed|refused):?,? ?["'(]{0,2})([45]\d\d)(?=[\s\-,.:;)'"]|$)/gi

function repliesIn(text: string): SeenReply[] {
  const whole = [...text.matchAll(codeAndStatus)].map(
    ([, code, status = '']): SeenReply => ({ layer: 'reply', code: Number(code), status, text }),
  )
  const challenge = challengeIn(text)
  const challenged: SeenReply[] =
    challenge === undefined ? [] : [{ layer: 'reply', code: 334, challenge, text }]
  if (whole.length > 0) return [...challenged, ...innermostFirst(whole)]
  const statuses = [...text.matchAll(statusAlone)].map(
    ([, status = '']): SeenReply => ({ layer: 'reply', status, text }),
  )
  const codes = [...withoutHttp(text).matchAll(codeAlone)].map(
    ([, code]): SeenReply => ({ layer: 'reply', code: Number(code), text }),
  )
  return [...challenged, ...statuses, ...(isOfMail(text) ? codes : [])]
}

/** `530 5.7.57` of Exchange may hold the reply that is the true cause, at its end. */
function innermostFirst(replies: readonly SeenReply[]): SeenReply[] {
  const isWrapper = ({ status }: SeenReply) => status === '5.7.57'
  return [...replies.filter((one) => !isWrapper(one)), ...replies.filter(isWrapper)]
}

function withoutHttp(text: string): string {
  return text.replace(/\bHTTP(\/[\d.]+)?[^\d]{0,20}\d{3}\b/gi, ' ')
}

function isOfMail(text: string): boolean {
  return /^[45]\d\d[ -]|smtp|e?mail|auth|said|sign-?in|log-?in|server|relay|scan|print|send|reply|response/i.test(
    text,
  )
}

/** The JSON in a 334 (RFC 7628, section 3.2.2), which is base64. */
function challengeIn(text: string): string | undefined {
  for (const [token] of text.matchAll(/\beyJ[A-Za-z0-9+/]{8,}={0,2}/g)) {
    const [, status] =
      /"status"\s*:\s*"([\w-]{1,40})"/.exec(Buffer.from(token, 'base64').toString('latin1')) ?? []
    if (status !== undefined) return status
  }
  return undefined
}

function wordsAloneIn(text: string): Seen[] {
  return [
    { layer: 'heard', text },
    { layer: 'reply', text },
    { layer: 'answer', numbers: [], text },
  ]
}

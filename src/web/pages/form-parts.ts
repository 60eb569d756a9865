import type { Failure } from '../../base/failure.ts'
import { type Html, type HtmlValue, html } from '../html.ts'
import type { ErrorAnswer } from '../http-errors.ts'
import type { Phrases } from '../texts/phrases.ts'
import { errorSection, refusalOf } from './error-page.ts'
import { type Fields, form, one, type PageContext, several } from './page-context.ts'

/** What was typed into a form, and what is wrong with it. An empty form has neither. */
export interface FormState {
  values: Fields
  /** What is wrong, by the name of the field. The focus is in the first one. */
  wrong?: Readonly<Record<string, Html>>
  /** Stands before the ids of the fields, where a page has several forms with the same names. */
  prefix?: string
}

interface Field {
  name: string
  label: Html
  /** What helps to fill it in. It stands above the field. */
  hint?: HtmlValue
  required?: boolean
}

interface TextField extends Field {
  type?: 'text' | 'password' | 'date' | 'number' | 'email' | 'search'
  /** Lines, where it has several. */
  rows?: number
  /** What stands in it at first. */
  initial?: string | undefined
  placeholder?: HtmlValue
  maxlength?: number
  autocomplete?: string
  inputmode?: string
  /** Of several lines that are never shown again, as a private key. */
  isSecret?: boolean
  /** What a browser suggests. */
  suggestions?: readonly string[]
  /** The field that somebody begins with: the first of a form that is empty. */
  isFirst?: boolean
}

/** A line, or several, to write in. What was typed stays, but for passwords and other secrets. */
export function textField(field: TextField, state: FormState): Html {
  const { name, type = 'text', rows, initial, placeholder, maxlength, autocomplete, inputmode } = field
  const { suggestions = [] } = field
  const listId = `${idOf(name, state.prefix)}-list`
  const { isSecret = type === 'password' } = field
  const value = isSecret ? undefined : (one(state.values, name) ?? initial ?? '')
  const isFirst = field.isFirst === true && state.wrong === undefined
  const attributes = html`${commonAttributes(field, state)}${maxlength !== undefined && html` maxlength="${maxlength}"`}${placeholder !== undefined && html` placeholder="${placeholder}"`}${autocomplete !== undefined && html` autocomplete="${autocomplete}"`}${inputmode !== undefined && html` inputmode="${inputmode}"`}${suggestions.length > 0 && html` list="${listId}"`}${isFirst && html` autofocus`}`
  const input =
    rows === undefined
      ? html`<input type="${type}"${attributes}${value !== undefined && html` value="${value}"`}>`
      : html`<textarea rows="${rows}"${attributes}${isSecret && html` spellcheck="false"`}>${withLineFeeds(value)}</textarea>`
  const list =
    suggestions.length > 0 &&
    html`<datalist id="${listId}">${suggestions.map((value) => html`<option value="${value}"></option>`)}</datalist>`
  return around(field, html`${input}${list}`, state)
}

/** Browsers send CRLF (HTML standard, "form entry list"), and a CR is not shown. */
function withLineFeeds(text: string | undefined): string | undefined {
  return text?.replaceAll('\r\n', '\n')
}

interface ChoiceField extends Field {
  options: readonly { value: string; words: Html | string }[]
  initial?: string | undefined
}

/** One of several. */
export function choiceField(field: ChoiceField, state: FormState): Html {
  const chosen = one(state.values, field.name) ?? field.initial
  const options = field.options.map(
    ({ value, words }) =>
      html`<option value="${value}"${value === chosen && html` selected`}>${words}</option>`,
  )
  return around(field, html`<select${commonAttributes(field, state)}>${options}</select>`, state)
}

interface ChecksField extends Field {
  choices: readonly { value: string; label: Html }[]
}

/** Any of several. */
export function checksField({ name, label, hint, choices }: ChecksField, state: FormState): Html {
  const { wrong = {}, prefix } = state
  const problem = wrong[name]
  const id = idOf(name, prefix)
  return html`<fieldset id="${id}" tabindex="-1"${problem && html` class="is-wrong" aria-describedby="${id}-wrong"`}${hasFocus(name, wrong) && html` autofocus`}>
<legend>${label}</legend>
${hint !== undefined && html`<span class="hint">${hint}</span>`}
${problem && html`<span class="wrong" id="${id}-wrong">${problem}</span>`}
${choices.map(({ value, label: words }) => checkField({ name, value, label: words }, state))}
</fieldset>
`
}

interface CheckField {
  name: string
  value?: string
  label: Html
}

/** Yes or no; or one of several, where others have the same name. */
export function checkField({ name, value = 'yes', label }: CheckField, { values }: FormState): Html {
  const isChecked = several(values, name).includes(value)
  return html`<label class="choice"><input type="checkbox" name="${name}" value="${value}"${isChecked && html` checked`}> <span>${label}</span></label>
`
}

function commonAttributes({ name, required, hint }: Field, { wrong = {}, prefix }: FormState): Html {
  const isWrong = wrong[name] !== undefined
  const id = idOf(name, prefix)
  const described = [isWrong && `${id}-wrong`, hint !== undefined && `${id}-hint`].filter(
    (one) => one !== false,
  )
  return html` id="${id}" name="${name}"${required === true && html` required`}${described.length > 0 && html` aria-describedby="${described.join(' ')}"`}${isWrong && html` aria-invalid="true"`}${hasFocus(name, wrong) && html` autofocus`}`
}

/** Whether it is the first that is wrong: there somebody goes on. */
function hasFocus(name: string, wrong: NonNullable<FormState['wrong']>): boolean {
  return Object.keys(wrong)[0] === name
}

function around({ name, label, hint }: Field, input: Html, { wrong = {}, prefix }: FormState): Html {
  const problem = wrong[name]
  const id = idOf(name, prefix)
  return html`<div class="field${problem && ' is-wrong'}">
<label for="${id}">${label}</label>
${hint !== undefined && html`<span class="hint" id="${id}-hint">${hint}</span>`}
${problem && html`<span class="wrong" id="${id}-wrong">${problem}</span>`}
${input}
</div>
`
}

function idOf(name: string, prefix = ''): string {
  return `${prefix}${name}-field`
}

export interface RefusedForm {
  status: number
  headers: Readonly<Record<string, string>>
  /**
   * What is wrong, to stand above the form. It leads to the field, where the focus is; where none is
   * wrong by itself, the focus is here.
   */
  summary: Html
  /** For the fields of the form: `{ values, wrong }`. */
  wrong: Readonly<Record<string, Html>>
}

/** Which field a failure is about, by its id; of several, the one in which its text stands. */
export type FailureFields = Readonly<Record<string, string | readonly string[]>>

/** Why a password that somebody chose is not taken. */
export const passwordRefusals: readonly string[] = [
  'unreadable',
  'too-short',
  'holds-name',
  'few-characters',
  'repeats',
  'run-of-keys',
  'number',
  'nearly-number',
  'common',
].map((reason) => `password.${reason}`)

interface SentForm extends Pick<FormState, 'prefix'> {
  fields?: FailureFields
  values?: Fields
}

/**
 * A form that was refused, to be shown again with what was typed.
 * @throws what is no refusal
 */
export function refusedForm(
  error: unknown,
  t: Phrases,
  { fields = {}, values = {}, prefix }: SentForm = {},
): RefusedForm {
  const answer = refusalOf(error)
  const name = fieldOf(answer.failure, fields, values)
  return {
    status: answer.status,
    headers: answer.headers,
    summary: summaryOf(answer, t, name, prefix),
    wrong: name === undefined ? {} : { [name]: html`${t.messageOf(answer.failure)}` },
  }
}

/** What stands above a form that was refused; with the way to a field, where one is wrong. */
export function summaryOf(answer: ErrorAnswer, t: Phrases, name?: string, prefix?: string): Html {
  const action = name !== undefined && html`<p><a href="#${idOf(name, prefix)}">${t`Go to the field`}</a></p>`
  return errorSection(answer, t, action || undefined, name === undefined)
}

function fieldOf({ id, values }: Failure, fields: FailureFields, typed: Fields): string | undefined {
  const known = Object.hasOwn(fields, id) ? fields[id] : undefined
  if (known === undefined || typeof known === 'string') return known
  const texts = Object.values(values)
  const isIn = (field: string) =>
    texts.some((text) => (text === '' ? field.trim() === '' : field.includes(String(text))))
  return known.find((name) => several(typed, name).some(isIn)) ?? known[0]
}

interface Question {
  /** The button that asks: “Revoke…”. */
  ask: Html
  /** The same for a screen reader, where many look alike. */
  label?: Html | undefined
  /** What will be gone. */
  question: Html
  /** The button that does it. */
  answer: Html
  path: readonly string[]
}

/**
 * A button that asks first, for what cannot be undone. It needs no script: the question opens below
 * it. It belongs behind everything else on a page.
 */
export function confirmation({ ask, label, question, answer, path }: Question, context: PageContext): Html {
  return html`<details class="confirm"><summary${label && html` aria-label="${label}"`}>${ask}</summary>
<p>${question}</p>
${form(context, path, html`<button class="danger">${answer}</button>`)}
</details>`
}

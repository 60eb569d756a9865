import type { LimitOptions } from '../../credentials/sending-limits.ts'
import type { SendingLimits } from '../../model/sending-limits.ts'
import { type Html, html } from '../html.ts'
import type { Phrases } from '../texts/phrases.ts'
import { checkField, type FailureFields, type FormState, textField } from './form-parts.ts'
import { type Fields, form, lines, one, type PageContext } from './page-context.ts'

/** Which field a refused limit is about. */
export const limitFailureFields: FailureFields = {
  'limits.no-pattern': 'recipients',
  'limits.too-many-recipients': 'recipients',
  'limits.no-count': ['messagesPerHour', 'recipientsPerDay'],
}

export const limitNames = ['recipients', 'messagesPerHour', 'recipientsPerDay', 'needsApproval']

/** The fields for what a login or an API key may send. */
export function limitFields(state: FormState, t: Phrases): Html {
  return html`<fieldset>
<legend>${t`Limits, for a program that is not trusted far`}</legend>
${textField({ name: 'recipients', rows: 3, label: t`Sends to these recipients only, one on each line: addresses, or *@example.com`, hint: t`Empty: to anybody` }, state)}
${textField({ name: 'messagesPerHour', type: 'number', label: t`Messages an hour, at most` }, state)}
${textField({ name: 'recipientsPerDay', type: 'number', label: t`Recipients in 24 hours, at most` }, state)}
${checkField({ name: 'needsApproval', label: t`hold each message until a person has approved it` }, state)}
</fieldset>`
}

/** Reads a whole form: what is not filled in is no limit. What is no number is refused later. */
export function limitOptionsOf(filled: Fields): Required<LimitOptions> {
  const count = (name: string) => {
    const text = one(filled, name)?.trim() ?? ''
    return text === '' ? null : Number(text)
  }
  return {
    recipients: lines(filled, 'recipients'),
    messagesPerHour: count('messagesPerHour'),
    recipientsPerDay: count('recipientsPerDay'),
    needsApproval: one(filled, 'needsApproval') === 'yes',
  }
}

/** The limits as the fields of a filled-in form. */
export function filledLimits(limits: SendingLimits = {}): Fields {
  const { recipients = [], messagesPerHour, recipientsPerDay, needsApproval } = limits
  return {
    ...(recipients.length > 0 && { recipients: recipients.join('\n') }),
    ...(messagesPerHour !== undefined && { messagesPerHour: String(messagesPerHour) }),
    ...(recipientsPerDay !== undefined && { recipientsPerDay: String(recipientsPerDay) }),
    ...(needsApproval && { needsApproval: 'yes' }),
  }
}

/** Each limit in words. */
export function shownLimits(limits: SendingLimits = {}, t: Phrases): Html[] {
  const { recipients, messagesPerHour, recipientsPerDay, needsApproval } = limits
  return [
    ...(recipients ? [t`only to ${recipients.join(', ')}`] : []),
    ...(messagesPerHour === undefined ? [] : [t`${messagesPerHour} messages an hour`]),
    ...(recipientsPerDay === undefined ? [] : [t`${recipientsPerDay} recipients in 24 hours`]),
    ...(needsApproval ? [t`a person approves each message`] : []),
  ]
}

interface LimitedOne {
  name: string
  /** Of the page that the form is sent to. */
  path: readonly string[]
  back: readonly string[]
}

/** The form that changes the limits of what there is. */
export function limitForm({ name, path, back }: LimitedOne, state: FormState, context: PageContext): Html {
  const { t, pages } = context
  return html`<section>
<p>${t`What is set here holds from the next message of ${name} on.`}</p>
${form(context, path, html`${limitFields(state, t)}<p><button>${t`Save`}</button></p>`)}
</section>
<p><a href="${pages.path(...back)}">${t`Back to ${name}`}</a></p>`
}

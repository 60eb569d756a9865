import type { Request, Response, Router } from 'express'
import type { DoctorStep, Finding } from '../../diagnosis/finding.ts'
import { type Address, isDomainMailbox } from '../../model/address.ts'
import { type Html, html } from '../html.ts'
import { exactRouter, methodNotAllowed } from '../routing.ts'
import { type Phrase, type Phrases, phrase } from '../texts/phrases.ts'
import type { WebServices } from '../web-services.ts'
import { whatToDo } from './error-page.ts'
import { type FailureFields, type FormState, refusedForm, textField } from './form-parts.ts'
import {
  type Fields,
  fieldsOf,
  form,
  one,
  type PageContext,
  type PageContexts,
  readForm,
} from './page-context.ts'
import { type Condition, checkedStep, checklistBegin, checklistEnd, type Step } from './parts.ts'

interface DiagnosisPagesDeps {
  services: Pick<WebServices, 'mailboxes' | 'doctor'>
  contexts: PageContexts
}

/** The page that finds what is wrong with a mailbox: it shows each step as it is taken. */
export function createDiagnosisPages({ services, contexts }: DiagnosisPagesDeps): Router {
  const { mailboxes, doctor } = services
  const router = exactRouter()

  router
    .route('/mailboxes/:address/diagnosis')
    .get(async (request, response) => {
      const context = await contexts.toFill(request)
      const { session, pages } = context
      const { address } = await mailboxes.show(request.params.address)
      const body = html`${introduction(context)}${diagnosisForm(address, { values: {} }, context)}${wayBack(address, context)}`
      pages.send(response, { title: titleOf(address, context.t), body, session })
    })
    .post(readForm, (request, response) => examine(request, response, String(request.params.address)))
    .all(methodNotAllowed('GET', 'HEAD', 'POST'))

  return router

  async function examine(request: Request, response: Response, named: string): Promise<void> {
    const context = await contexts.toChange(request)
    const { t, session, pages, by } = context
    const { address } = await mailboxes.show(named)
    const filled = fieldsOf(request.body)
    const title = titleOf(address, t)
    let findings: AsyncIterable<Finding>
    try {
      findings = await doctor.mailbox(typed(filled, 'mailbox') ?? address, typed(filled, 'sendTo'), by)
    } catch (error) {
      const { status, headers, summary, wrong } = refusedForm(error, t, {
        fields: fieldsOfFailures,
        values: filled,
      })
      const body = html`${summary}${diagnosisForm(address, { values: filled, wrong }, context)}${wayBack(address, context)}`
      response.set(headers)
      return pages.send(response, { title, body, session }, status)
    }
    const body = introduction(context)
    context.show(response, { title, body }, shown(findings, { address, filled }, context))
  }
}

async function* shown(
  findings: AsyncIterable<Finding>,
  { address, filled }: { address: Address; filled: Fields },
  context: PageContext,
): AsyncGenerator<Html> {
  const { t } = context
  yield checklistBegin
  const found: Finding[] = []
  for await (const finding of findings) {
    yield checkedStep(stepOf(finding, t), t)
    found.push(finding)
  }
  yield html`${checklistEnd}${verdict(found, t)}${diagnosisForm(address, { values: filled }, context)}`
  yield wayBack(address, context)
}

/** Which field a failure is about. */
const fieldsOfFailures: FailureFields = {
  'address.no-mail-address': ['mailbox', 'sendTo'],
  'doctor.whole-domain': ['mailbox', 'sendTo'],
  'mailbox.unknown': 'mailbox',
}

function titleOf(address: Address, t: Phrases): Html {
  return t`What is wrong with ${address}?`
}

function introduction({ t }: PageContext): Html {
  return html`<p>${t`postern goes the way of a message, step by step, and stops at the first thing that is wrong.`}</p>
`
}

/** Also the one to look again. */
function diagnosisForm(address: Address, state: FormState, context: PageContext): Html {
  const { t } = context
  const fields = html`${
    isDomainMailbox(address) &&
    textField(
      {
        name: 'mailbox',
        label: t`Which address of the domain?`,
        required: true,
        maxlength: 254,
        placeholder: `you${address.slice(1)}`,
        autocomplete: 'off',
      },
      state,
    )
  }${textField(
    {
      name: 'sendTo',
      label: t`Send a test message to (optional)`,
      hint: t`Without an address nothing is sent.`,
      maxlength: 254,
      autocomplete: 'off',
    },
    state,
  )}<button>${t`Find out what is wrong`}</button>`
  return html`<section>
${form(context, ['mailboxes', address, 'diagnosis'], fields)}
</section>
`
}

function wayBack(address: Address, { t, pages }: PageContext): Html {
  return html`<p><a href="${pages.path('mailboxes', address)}">${t`Back to ${address}`}</a></p>`
}

function typed(filled: Fields, name: string): string | undefined {
  const text = one(filled, name)?.trim()
  return text === '' ? undefined : text
}

const stepWords: Record<DoctorStep, Phrase> = {
  settings: phrase('Settings'),
  'data-directory': phrase('Data directory'),
  key: phrase('Key'),
  provider: phrase('Provider'),
  running: phrase('Running version'),
  'redirect-uri': phrase('Redirect'),
  certificate: phrase('Certificate'),
  endpoint: phrase('Token endpoint'),
  clock: phrase('Clock'),
  name: phrase('Name of the mail server'),
  connect: phrase('Connection'),
  tls: phrase('Encryption (TLS)'),
  mechanism: phrase('Sign-in by token'),
  client: phrase('Client id and secret'),
  token: phrase('Access token'),
  claims: phrase('Content of the token'),
  'sign-in': phrase('Sign-in at the mail server'),
  sender: phrase('Sender'),
  'held-back': phrase('Held back'),
  recipient: phrase('Recipient'),
  message: phrase('Test message'),
}

/** A finding as a line of the list, with what to do where something is wrong. */
function stepOf(finding: Finding, t: Phrases): Step {
  const { step, outcome, what, details = [], said, milliseconds, ...sentence } = finding
  const shown = { ...sentence, message: what }
  const message = t.messageOf(shown)
  const fix = outcome === 'good' ? undefined : t.fixOf(shown)
  const more = html`${details.length > 0 && html`<ul>${details.map((detail) => html`<li lang="en">${detail}</li>`)}</ul>`}${
    said !== undefined &&
    !message.includes(said) &&
    html`<p>${t`The provider said: ${html`<code>${said}</code>`}`}</p>`
  }${fix !== undefined && whatToDo(fix, t)}`
  return {
    condition: conditionOf(finding),
    words: html`<strong>${t.say(stepWords[step])}</strong> ${message}`,
    took: milliseconds,
    more: `${more}` === '' ? undefined : more,
  }
}

function conditionOf({ outcome, fix }: Finding): Condition {
  if (outcome === 'fault') return 'bad'
  if (outcome === 'good') return 'good'
  return fix === undefined ? 'off' : 'warn'
}

function verdict(found: readonly Finding[], t: Phrases): Html {
  const fault = found.find(({ outcome }) => outcome === 'fault')
  if (fault)
    return html`<section class="mistake" role="status"><p>${t`This is the cause: ${html`<strong>${t.say(stepWords[fault.step])}</strong>`}. What helps stands beside it. Then look again.`}</p></section>
`
  const isOpen = found.some(({ outcome }) => outcome === 'unknown')
  return html`<section class="done" role="status"><p>${t`Nothing is wrong, as far as this can be seen.`}${isOpen && html` ${t`What is not marked ✓ could not be told, or is worth knowing.`}`}</p></section>
`
}

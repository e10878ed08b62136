/** The page of the verifier: takes what the auditor was told and a file, and shows what the worker found. */

import type { ProofResult } from '../../audit/proof-result.ts'
import { parseTrustClaim } from '../../registry/trust-claim.ts'
import { buildFindingRows } from '../finding-view.ts'
import { buildLogViews } from '../log-view.ts'
import type { Answer, CheckedExport, CheckedFile } from '../messages.ts'
import { buildNationViews, findingsOf } from '../nation-view.ts'
import { buildProofView } from '../proof-view.ts'
import { buildVerdictView } from '../verdict-view.ts'
import { drawAlerts } from './alert-list.ts'
import { createChainPanel } from './chain-panel.ts'
import { byId, element } from './element.ts'
import { createEngine } from './engine.ts'
import { drawFindings, type ShowEntry } from './finding-list.ts'
import { drawNations } from './nation-panel.ts'
import { drawProof } from './proof-panel.ts'
import { drawVerdict } from './verdict-panel.ts'

const trust = byId('trust', HTMLTextAreaElement)
const trustHint = byId('trust-hint', HTMLElement)
const drop = byId('drop', HTMLElement)
const chooser = byId('file', HTMLInputElement)
const fileName = byId('file-name', HTMLElement)
const checkButton = byId('check', HTMLButtonElement)
const status = byId('status', HTMLElement)
const progress = byId('progress', HTMLProgressElement)
const results = byId('results', HTMLElement)

const engine = createEngine(byId('engine', HTMLScriptElement).text, hear)
let file: File | undefined

function take(chosen: File | undefined): void {
  if (chosen === undefined) return
  file = chosen
  fileName.textContent = `${chosen.name} · ${sizeOf(chosen.size)}`
  checkButton.disabled = false
  if (readTrust()) check()
}

function check(): void {
  if (file === undefined || !readTrust()) return
  results.replaceChildren()
  progress.hidden = false
  progress.value = 0
  status.textContent = 'Checking …'
  engine.check(file, trust.value)
}

/** Says how what was typed is understood; false where it is not. */
function readTrust(): boolean {
  const text = trust.value.trim()
  trust.removeAttribute('aria-invalid')
  if (text === '') {
    trustHint.textContent = 'Without it nobody can tell whether this is your alliance.'
    return true
  }
  try {
    const claim = parseTrustClaim(text)
    trustHint.textContent = claim.kind === 'string' ? 'A trust string.' : 'Words or a fingerprint.'
    return true
  } catch (error) {
    trust.setAttribute('aria-invalid', 'true')
    trustHint.textContent = `Not understood: ${error instanceof Error ? error.message : String(error)}.`
    return false
  }
}

function hear(answer: Exclude<Answer, { readonly kind: 'rows' | 'found' }>): void {
  if (answer.kind === 'progress') {
    const share = answer.bytesTotal === 0 ? 0 : answer.bytes / answer.bytesTotal
    progress.value = share
    status.textContent = `Checking … ${answer.entries.toLocaleString('en')} entries, ${Math.floor(share * 100)} %`
    return
  }
  progress.hidden = true
  if (answer.kind === 'refused') {
    status.textContent = ''
    const refusal = element('section', { class: 'card refused', role: 'alert' })
    refusal.append(element('h2', {}, 'This file could not be checked'), element('p', {}, answer.sentence))
    if (answer.fix !== '') refusal.append(element('p', {}, answer.fix))
    results.replaceChildren(refusal)
    return
  }
  show(answer.checked)
}

function show(checked: CheckedFile): void {
  const sections = checked.format === 'audit' ? exportSections(checked) : proofSections(checked.result)
  results.replaceChildren(...sections)
  const headline = byId('headline', HTMLElement)
  status.textContent = headline.textContent
  headline.focus()
}

function proofSections(result: ProofResult): HTMLElement[] {
  const view = buildProofView(result)
  return [
    drawVerdict(view.verdict, file?.name ?? ''),
    drawFindings(buildFindingRows(result.findings), 0),
    ...(view.facts.length === 0 ? [] : [drawProof(view)]),
  ]
}

function exportSections({ result, runs, speed }: CheckedExport): HTMLElement[] {
  const logs = buildLogViews(result).map((view, run) => ({
    view,
    entries: runs[run]!.entries,
    findings: findingsOf(result.findings, result.logs[run]!.log),
  }))
  const chain = logs.length === 0 ? undefined : createChainPanel(logs, engine)
  const showEntry: ShowEntry = ({ log, seq }) => {
    const run = result.logs.findIndex(facts => facts.log === log && seq < facts.size)
    const any = result.logs.findIndex(facts => facts.log === log)
    void chain?.show(run < 0 ? any : run, seq)
  }
  const nations = buildNationViews(result, run => runs[run]?.bars)
  return [
    drawVerdict(buildVerdictView(result), file?.name ?? '', speed),
    drawFindings(buildFindingRows(result.findings), result.findingsLeftOut, showEntry),
    drawNations(nations, showEntry),
    ...(chain === undefined ? [] : [chain.root]),
    ...(result.alerts.length === 0 ? [] : [drawAlerts(result.alerts)]),
  ]
}

function sizeOf(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`
}

trust.addEventListener('input', readTrust)
chooser.addEventListener('change', () => take(chooser.files?.[0]))
byId('form', HTMLFormElement).addEventListener('submit', event => {
  event.preventDefault()
  check()
})
for (const name of ['dragenter', 'dragover', 'dragleave', 'drop'] as const) {
  // A file that is dropped beside the field would otherwise replace the page.
  document.addEventListener(name, event => {
    event.preventDefault()
    drop.classList.toggle('over', name === 'dragenter' || name === 'dragover')
    if (name === 'drop') take(event.dataTransfer?.files[0])
  })
}
readTrust()

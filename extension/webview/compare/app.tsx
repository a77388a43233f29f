/** A comparison: where both sides are, what differs, and what a copy would do. */

import type { JSX } from 'preact';
import { useLayoutEffect } from 'preact/hooks';
import { away } from '../../src/clock';
import type { ShownSide, Which } from '../../src/compare/messages';
import type { ComparedKind } from '../../src/protocol';
import { Failure } from '../table/failure';
import { FilterBox } from '../table/filter';
import { post, t } from '../table/host';
import { MOST_ROWS } from '../table/useRows';
import { useWatched } from '../table/watched';
import { Grid, marks, onlyIn } from './grid';
import { type CompareModel, KINDS } from './model';

export function App({ model }: { model: CompareModel }): JSX.Element {
    useWatched(model);
    if (!model.started) {
        return <main class="app" aria-busy="true" />;
    }
    const label = t('{0}: {1} compared with {2}', model.title, model.left.title, model.right.title);
    return (
        <main class="app" aria-label={label}>
            <div class="sides">
                <Side side={model.left} />
                <Side side={model.right} />
            </div>
            {model.plan ? (
                <Preview model={model} />
            ) : (
                <>
                    <FilterBox model={model} example="user:*  /^cart/" canSave={false} />
                    <Tools model={model} />
                </>
            )}
            <div class="split pane">
                <Grid model={model} />
            </div>
            <Footer model={model} />
        </main>
    );
}

function Side({ side }: { side: ShownSide }): JSX.Element {
    const remote = side.place === 'shared' || side.place === 'remote';
    return (
        <div class={remote ? 'banner remote' : 'banner'} title={side.where}>
            <b class="word">{side.word}</b> <b>{side.title}</b> <span class="where">{side.where}</span>
            {side.readOnly && <span class="badge">{t('read-only')}</span>}
        </div>
    );
}

function Tools({ model }: { model: CompareModel }): JSX.Element {
    return (
        <div class="tools" role="toolbar" aria-label={t('Actions')}>
            {KINDS.filter((kind) => kind !== 'damaged' || model.progress.counts.damaged).map((kind) => (
                <button
                    key={kind}
                    type="button"
                    class={`kind ${kind}`}
                    title={counted(kind, model)}
                    aria-pressed={model.kinds.has(kind)}
                    onClick={() => model.toggle(kind)}
                >
                    <b aria-hidden="true">{marks[kind]}</b> {counted(kind, model)}
                </button>
            ))}
            <span class="copies">
                <CopyButton model={model} to="left" />
                <CopyButton model={model} to="right" />
            </span>
        </div>
    );
}

function CopyButton({ model, to }: { model: CompareModel; to: Which }): JSX.Element | null {
    const side = model[to];
    if (side.readOnly) {
        return null;
    }
    const { size } = model.selected;
    const arrow = to === 'left' ? '← ' : '→ ';
    return (
        <button
            type="button"
            disabled={!model.progress.shown || !model.progress.done || model.busy}
            onClick={() => model.preview(to)}
        >
            <span aria-hidden="true">{arrow}</span>
            {size
                ? t('Copy {0} to {1}…', size === 1 ? t('1 key') : t('{0} keys', number(size)), side.title)
                : t('Copy All to {0}…', side.title)}
        </button>
    );
}

/** What the copy would do; its keys are the rows below. */
function Preview({ model }: { model: CompareModel }): JSX.Element | null {
    const { plan } = model;
    useLayoutEffect(() => document.querySelector<HTMLElement>('.preview input, .preview button')?.focus(), []);
    if (!plan) {
        return null;
    }
    const side = model[plan.to];
    const nothing = plan.new + plan.overwritten + plan.deleted === 0;
    const escape = (event: KeyboardEvent): void => {
        if (event.key === 'Escape') {
            model.leave();
        }
    };
    return (
        <div class="tools preview" role="group" aria-label={t('Copy to {0}', side.title)} onKeyDown={escape}>
            <span role="status">
                <b>{t('Copy to {0}:', side.title)}</b>{' '}
                {t('{0} new, {1} overwritten, {2} deleted', number(plan.new), number(plan.overwritten), number(plan.deleted))}
            </span>
            {plan.onlyThere > 0 && (
                <label>
                    <input
                        type="checkbox"
                        checked={plan.deletes}
                        disabled={model.busy}
                        onChange={(e) => model.preview(plan.to, e.currentTarget.checked)}
                    />{' '}
                    {plan.onlyThere === 1
                        ? t('Also delete 1 key that only {0} has', side.title)
                        : t('Also delete {0} keys that only {1} has', number(plan.onlyThere), side.title)}
                </label>
            )}
            {plan.unreadable > 0 && (
                <span class="problem">{t('{0} damaged, which can\'t be copied', number(plan.unreadable))}</span>
            )}
            {plan.expired !== undefined && (
                <span class="problem">{t('{0} left: expired by only one of the clocks', number(plan.expired))}</span>
            )}
            {plan.clock && (
                <span class="problem" title={t('KV Lens: Set Clock Back to Now')}>
                    {t('the clock is moved ({0})', away(plan.clock.seconds))}
                </span>
            )}
            <span class="gap" />
            <button type="button" disabled={model.busy} onClick={() => model.leave()}>
                {t('Cancel')}
            </button>
            <vscode-button disabled={nothing || model.busy} onClick={() => !nothing && !model.busy && post({ type: 'copy', plan })}>
                {plan.deleted ? t('Copy and Delete') : t('Copy')}
            </vscode-button>
        </div>
    );
}

function Footer({ model }: { model: CompareModel }): JSX.Element {
    const { progress, plan } = model;
    const compared = KINDS.reduce((sum, kind) => sum + progress.counts[kind], 0);
    const time = new Date(progress.time * 1000).toLocaleTimeString();
    return (
        <div class="footer" role="status">
            <span>
                {plan ? (model.count === 1 ? t('1 change') : t('{0} changes', number(model.count))) : t('{0} of {1} keys', number(model.count), number(compared))}
            </span>
            {model.selected.size > 0 && !plan && <span>{t('{0} selected', number(model.selected.size))}</span>}
            {!progress.done && (
                <span class="busy">
                    {t('comparing, {0} keys', number(compared))}
                    <button type="button" onClick={() => post({ type: 'cancel' })}>
                        {t('Cancel')}
                    </button>
                </span>
            )}
            {progress.done && (
                <span class="busy">
                    {model.stale ? (
                        <b class="changes">{t('Changed since {0}', time)}</b>
                    ) : (
                        t('Compared at {0}', time)
                    )}
                    <button type="button" onClick={() => post({ type: 'refresh' })}>
                        {t('Refresh')}
                    </button>
                </span>
            )}
            {(model.left.place === 'remote' || model.right.place === 'remote') && (
                <span class="note">{t('Values of Cloudflare are read 100 keys in a request.')}</span>
            )}
            {model.count > MOST_ROWS && (
                <span class="note">
                    {t('The first {0} rows. Use a filter to see others.', number(MOST_ROWS))}
                </span>
            )}
            <Failure model={model} retry={() => post({ type: 'retry' })} />
        </div>
    );
}

/** Neither side is the older one, so a key of one side is neither added nor removed. */
function counted(kind: ComparedKind, { left, right, progress }: CompareModel): string {
    const count = progress.counts[kind];
    const texts: Record<ComparedKind, string> = {
        right: `${number(count)} ${onlyIn(right.title)}`,
        left: `${number(count)} ${onlyIn(left.title)}`,
        changed: count === 1 ? t('1 differs') : t('{0} differ', number(count)),
        damaged: t('{0} damaged', number(count)),
        same: t('{0} the same', number(count)),
    };
    return texts[kind];
}

function number(n: number): string {
    return n.toLocaleString();
}

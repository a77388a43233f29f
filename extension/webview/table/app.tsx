/** The table, its tools and the details of the current row. */

import type { JSX } from 'preact';
import { Columns } from './columns';
import { DetailsPane } from './details';
import { Failure } from './failure';
import { FilterBox } from './filter';
import { Grid } from './grid';
import { post, t } from './host';
import type { TableModel } from './model';
import { MOST_ROWS } from './useRows';
import { oneLine } from './visible';
import { useWatched } from './watched';

const NARROW = 560; // px; the details are then below the table

export function App({ model }: { model: TableModel }): JSX.Element {
    useWatched(model);
    const narrow = window.innerWidth < NARROW;
    if (!model.started) {
        return <main class="app" aria-busy="true" />;
    }
    if (model.only) {
        return (
            <main class="app" aria-label={t('Key {0}', oneLine(model.place.title))}>
                <Banner model={model} />
                <div class="split pane">
                    <DetailsPane model={model} />
                </div>
                <div class="footer" role="status">
                    <Failure model={model} retry={() => model.open()} />
                </div>
            </main>
        );
    }
    return (
        <main class="app" aria-label={t('Namespace {0}', model.place.title)} onPaste={(e) => pasted(model, e)}>
            <Banner model={model} />
            <FilterBox model={model} example="user:*  ttl<1h  type:json  meta.user=ada  value:word" canSave />
            <Tools model={model} />
            {model.layout.details ? (
                <vscode-split-layout
                    class="split"
                    key={narrow ? 'narrow' : 'wide'}
                    split={narrow ? 'horizontal' : 'vertical'}
                    initial-handle-position={`${100 - model.layout.details}%`}
                >
                    <div slot="start" class="pane">
                        <Grid model={model} />
                    </div>
                    <div slot="end" class="pane">
                        <DetailsPane model={model} />
                    </div>
                </vscode-split-layout>
            ) : (
                <div class="split pane">
                    <Grid model={model} />
                </div>
            )}
            <Footer model={model} />
        </main>
    );
}

/** Where the keys are: plain for a local store, colored for a remote one. */
function Banner({ model }: { model: TableModel }): JSX.Element {
    const { remote, word, readOnly, where, moved, gone } = model.place;
    return (
        <div class={remote ? 'banner remote' : 'banner'}>
            <b class="word">{word}</b> <span class="where">{where}</span>
            {readOnly && <span class="badge">{t('read-only')}</span>}
            {gone && <span class="badge">{t('not in {0}', gone)}</span>}
            {moved && <span class="badge">{t('clock {0}', moved)}</span>}
            <Changes model={model} />
        </div>
    );
}

function Tools({ model }: { model: TableModel }): JSX.Element {
    const chosen = model.chosen();
    return (
        <div class="tools" role="toolbar" aria-label={t('Actions')}>
            <button type="button" disabled={model.place.readOnly} onClick={() => model.addRow()}>
                {t('New Key')}
            </button>
            <button
                type="button"
                disabled={!chosen.length || model.place.readOnly}
                onClick={() => model.delete()}
            >
                {t('Delete')}
            </button>
            <button
                type="button"
                disabled={!model.hasChanged(chosen)}
                onClick={() => post({ type: 'restore', rows: chosen })}
            >
                {t('Take Back')}
            </button>
            {model.filter && !model.problem && model.progress.matched > 0 && !model.place.readOnly && (
                <button type="button" onClick={() => post({ type: 'deleteMatches' })}>
                    {t('Delete All Matches…')}
                </button>
            )}
            <button
                type="button"
                disabled={!chosen.length}
                onClick={() => post({ type: 'copy', rows: chosen, what: 'rows' })}
            >
                {t('Copy as JSON')}
            </button>
            <Columns model={model} />
            <button type="button" onClick={() => post({ type: 'run', what: 'compare' })}>
                {t('Compare…')}
            </button>
            <button
                type="button"
                aria-pressed={model.layout.details > 0}
                onClick={() => {
                    model.setDetails(model.layout.details ? 0 : 36);
                    model.askDetails();
                }}
            >
                {t('Details')}
            </button>
        </div>
    );
}

/** The number of unsaved changes, and what can be done with them. */
function Changes({ model }: { model: TableModel }): JSX.Element {
    const count = model.stagedCount;
    const run = (what: 'save' | 'revert' | 'preview') => () => post({ type: 'run', what });
    return (
        <div class="saving" role="toolbar" aria-label={t('Unsaved changes')}>
            {count > 0 && (
                <>
                    <span class="changes" role="status">
                        {count === 1 ? t('1 unsaved change') : t('{0} unsaved changes', number(count))}
                    </span>
                    <button type="button" onClick={run('preview')}>
                        {t('Preview')}
                    </button>
                    <button type="button" onClick={run('revert')}>
                        {t('Discard')}
                    </button>
                    <vscode-button onClick={run('save')}>{t('Save')}</vscode-button>
                </>
            )}
        </div>
    );
}

function Footer({ model }: { model: TableModel }): JSX.Element {
    const { matched, scanned, total, done, order } = model.progress;
    const keys = (n: number): string => (n === 1 ? t('1 key') : t('{0} keys', number(n)));
    const isPart = total !== null && model.filter !== '';
    const unsorted = done && model.sort !== 'key' && order !== model.sort;
    return (
        <div class="footer" role="status">
            <span>
                {isPart ? t('{0} of {1}', number(matched), keys(total)) : keys(matched)}
            </span>
            {model.selected.size > 1 && <span>{t('{0} selected', number(model.selected.size))}</span>}
            {!done && !model.canRetry && (
                <span class="busy">
                    {total ? t('searching, {0} %', Math.floor((100 * scanned) / total)) : t('searching')}
                    <button type="button" onClick={() => model.cancel()}>
                        {t('Cancel')}
                    </button>
                </span>
            )}
            {unsorted && (
                <span class="note">
                    {t('Sorted by key: other orders take at most {0} keys. Use a filter.', number(model.sortLimit))}
                </span>
            )}
            {model.count > MOST_ROWS && (
                <span class="note">
                    {t('The first {0} rows. Use a filter to see others.', number(MOST_ROWS))}
                </span>
            )}
            <Failure model={model} retry={() => model.open()} />
        </div>
    );
}

function pasted(model: TableModel, event: ClipboardEvent): void {
    const { target } = event;
    const text = event.clipboardData?.getData('text/plain');
    const typing = target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;
    if (text && !typing && !model.place.readOnly) {
        event.preventDefault();
        model.paste(text);
    }
}

export function number(n: number): string {
    return n.toLocaleString();
}

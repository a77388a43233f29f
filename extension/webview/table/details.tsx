/** The current row in full: its value in each form, its metadata and its expiration. */

import { useEffect, useRef, useState } from 'preact/hooks';
import type { JSX } from 'preact';
import type { Details } from '../../src/table/messages';
import * as format from '../../src/format';
import { minified, pretty } from '../../src/jsonStyle';
import { countdown, dateTime, expiryOf, now, presets } from './expiry';
import { Hex } from './hex';
import { post, shortcut, t, typing } from './host';
import { JsonTree } from './json';
import type { TableModel } from './model';
import { oneLine, visible } from './visible';

const MAX_METADATA = 1024; // bytes

export function DetailsPane({ model }: { model: TableModel }): JSX.Element {
    const { details } = model;
    if (!details) {
        return <aside class="details empty">{nothing(model)}</aside>;
    }
    return (
        <aside class="details" aria-label={t('Details')}>
            <h2>{oneLine(details.name)}</h2>
            <p class="note">
                {format.size(details.size)}
                {details.staged && <span class="badge">{t('not saved')}</span>}
            </p>
            <ValueForms key={details.name} model={model} details={details} />
            <Expiry key={`e${details.expiration}`} model={model} details={details} />
            <Metadata key={`m${details.name}${details.metadata}`} model={model} details={details} />
        </aside>
    );
}

function nothing(model: TableModel): string {
    if (model.only) {
        return model.detailsRead ? t('The key no longer exists.') : '';
    }
    return model.count ? t('Select a key to see its value.') : '';
}

function ValueForms({ model, details }: { model: TableModel; details: Details }): JSX.Element {
    const [label, setLabel] = useState(details.forms[0].label);
    const [draft, setDraft] = useState<string>();
    const editor = useRef<HTMLTextAreaElement>(null);
    useEffect(() => editor.current?.focus(), [draft === undefined]);
    const form = details.forms.find((one) => one.label === label) ?? details.forms[0];
    const value = details.forms.find((one) => one.isValue);
    const lineEnd = lineEndOf(value?.text ?? '');
    const { start, end, size } = details;
    const cancel = useRef<HTMLButtonElement>(null);
    const commit = (): void => {
        const text = draft?.replace(/\n/g, lineEnd ?? '\n'); // a text box only has \n
        if (text !== undefined && text !== value?.text) {
            model.edit(details.row, { value: { text } });
        }
        setDraft(undefined);
    };
    const key = (event: KeyboardEvent): void => {
        typing(event);
        if (event.key === 'Escape') {
            setDraft(undefined);
        } else if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
            commit();
        } else {
            saves(event, commit);
            return;
        }
        event.preventDefault();
    };
    return (
        <section>
            <div class="forms" role="tablist" aria-label={t('Show the value as')}>
                {details.forms.map((one) => (
                    <button
                        key={one.label}
                        type="button"
                        role="tab"
                        aria-selected={one === form}
                        onClick={() => {
                            setLabel(one.label);
                            setDraft(undefined);
                        }}
                    >
                        {one.label}
                    </button>
                ))}
                <span class="gap" />
                {value && lineEnd !== undefined && draft === undefined && !model.place.readOnly && (
                    <button
                        type="button"
                        class="editValue"
                        onClick={() => {
                            post({ type: 'begin', row: details.row });
                            setLabel(value.label);
                            setDraft((value.text ?? '').replaceAll('\r\n', '\n'));
                        }}
                    >
                        {t('Edit')}
                    </button>
                )}
                <button type="button" onClick={() => post({ type: 'value', row: details.row, what: 'open' })}>
                    {t('Open')}
                </button>
                {!model.only && (
                    <button type="button" onClick={() => post({ type: 'value', row: details.row, what: 'details' })}>
                        {t('Open in Tab')}
                    </button>
                )}
                <button type="button" onClick={() => post({ type: 'value', row: details.row, what: 'saveAs' })}>
                    {t('Save to File…')}
                </button>
            </div>
            {draft !== undefined ? (
                <>
                    <textarea
                        class="valueEditor"
                        aria-label={t('Value')}
                        value={draft}
                        spellcheck={false}
                        ref={editor}
                        onInput={(e) => setDraft(e.currentTarget.value)}
                        onKeyDown={key}
                        onBlur={(e) => e.relatedTarget !== cancel.current && commit()}
                    />
                    <p class="row2">
                        <vscode-button onClick={commit}>{t('Apply')}</vscode-button>
                        <button type="button" ref={cancel} onClick={() => setDraft(undefined)}>
                            {t('Cancel')}
                        </button>
                    </p>
                </>
            ) : (
                <div class="content" role="tabpanel" aria-label={form.label}>
                    {form.kind === 'json' && <JsonTree text={form.text ?? ''} />}
                    {form.kind === 'text' && <pre tabIndex={0}>{visible(form.text ?? '')}</pre>}
                    {form.kind === 'hex' && <Hex base64={form.base64 ?? ''} from={start} size={end - start} />}
                    {form.kind === 'image' && <Picture mime={form.mime ?? ''} base64={form.base64 ?? ''} />}
                </div>
            )}
            {form.note && <p class="note">{form.note}</p>}
            {(start > 0 || end < size) && (
                <p class="note">
                    {t('Bytes {0} to {1} of {2}', start.toLocaleString(), end.toLocaleString(), size.toLocaleString())}{' '}
                    <button type="button" disabled={!start} onClick={() => model.askDetails(0)}>
                        {t('First Part')}
                    </button>
                    <button type="button" disabled={end >= size} onClick={() => model.askDetails(end)}>
                        {t('Next Part')}
                    </button>
                </p>
            )}
        </section>
    );
}

function Picture({ mime, base64 }: { mime: string; base64: string }): JSX.Element {
    const [size, setSize] = useState('');
    return (
        <figure>
            <img
                src={`data:${mime};base64,${base64}`}
                alt={t('The value as an image')}
                onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) =>
                    setSize(`${naturalWidth} × ${naturalHeight}`)
                }
            />
            <figcaption>{[mime, size].filter(Boolean).join(', ')}</figcaption>
        </figure>
    );
}

function Expiry({ model, details }: { model: TableModel; details: Details }): JSX.Element {
    const { expiration } = details;
    const [, tick] = useState(0);
    const [text, setText] = useState(expiration ? dateTime(expiration) : '');
    useEffect(() => {
        const timer = setInterval(() => tick((n) => n + 1), 1000);
        return () => clearInterval(timer);
    }, []);
    const typed = expiryOf(text);
    const problem = typeof typed === 'string' && text !== (expiration ? dateTime(expiration) : '') ? typed : '';
    const taken = useRef(text); // a duration is another time a second later: it is taken once
    const commit = (): void => {
        if (typeof typed !== 'string' && typed.expiration !== expiration && text !== taken.current) {
            taken.current = text;
            model.edit(details.row, typed);
        }
    };
    const key = (event: KeyboardEvent): void => {
        typing(event);
        if (event.key === 'Enter') {
            commit();
        }
        saves(event, commit);
    };
    return (
        <section>
            <h3>{t('Expires')}</h3>
            <p role="timer">{expiration ? t('in {0}', countdown(expiration)) : t('never')}</p>
            {!model.place.readOnly && (
                <p class="row2">
                    <input
                        aria-label={t('Expiration: a date and time, or a duration such as 2h')}
                        placeholder={t('date, or 2h')}
                        value={text}
                        aria-invalid={problem !== ''}
                        onInput={(e) => setText(e.currentTarget.value)}
                        onBlur={commit}
                        onKeyDown={key}
                    />
                    {presets().map(([label, seconds]) => (
                        <button
                            key={label}
                            type="button"
                            onClick={() =>
                                model.edit(
                                    details.row,
                                    seconds === null
                                        ? { expiration: null }
                                        : { expiration: Math.ceil(now()) + seconds, ttl: seconds },
                                )
                            }
                        >
                            {label}
                        </button>
                    ))}
                </p>
            )}
            {problem && <p class="problem">{problem}</p>}
            {!!details.expiration && !details.staged && !model.place.remote && (
                <p class="row2">
                    {t('Jump the clock to')}
                    {[true, false].map((before) => (
                        <button
                            key={String(before)}
                            type="button"
                            onClick={() => post({ type: 'jump', row: details.row, before })}
                        >
                            {before ? t('just before') : t('just after')}
                        </button>
                    ))}
                </p>
            )}
        </section>
    );
}

function Metadata({ model, details }: { model: TableModel; details: Details }): JSX.Element {
    const [text, setText] = useState(() => model.drafts.get(details.name) ?? pretty(details.metadata ?? ''));
    const problem = problemOf(text);
    const packed = minified(text);
    const bytes = new TextEncoder().encode(packed.trim()).length;
    const tooLong = bytes > MAX_METADATA;
    const commit = (): void => {
        const wanted = packed.trim() || null;
        if (problem !== undefined || tooLong) {
            model.keepDraft(details.name, text, problem ?? t('it is over {0} bytes', MAX_METADATA));
            return;
        }
        model.drafts.delete(details.name);
        if (wanted !== (details.metadata === null ? null : minified(details.metadata))) {
            model.edit(details.row, { metadata: wanted });
        }
    };
    const key = (event: KeyboardEvent): void => {
        typing(event);
        saves(event, commit);
    };
    return (
        <section>
            <h3>{t('Metadata')}</h3>
            <textarea
                class="metadataEditor"
                aria-label={t('Metadata as JSON')}
                aria-invalid={problem !== undefined || tooLong}
                placeholder={t('none')}
                readOnly={model.place.readOnly}
                value={text}
                spellcheck={false}
                onFocus={() => !model.place.readOnly && post({ type: 'begin', row: details.row })}
                onInput={(e) => {
                    setText(e.currentTarget.value);
                    model.drafts.set(details.name, e.currentTarget.value); // if it is written meanwhile
                }}
                onBlur={commit}
                onKeyDown={key}
            />
            <p class={problem !== undefined || tooLong ? 'problem' : 'note'}>
                {problem ?? t('{0} of {1} bytes', bytes.toLocaleString(), MAX_METADATA.toLocaleString())}
            </p>
        </section>
    );
}

/** Take in what is typed before Ctrl+S saves: VS Code would save what it knows of so far. */
function saves(event: KeyboardEvent, commit: () => void): void {
    if (shortcut(event) === 's') {
        event.preventDefault();
        event.stopPropagation();
        commit();
        post({ type: 'run', what: 'save' });
    }
}

/** The line end of a text; undefined if it has several, which a text box can't keep. */
function lineEndOf(text: string): string | undefined {
    const found = new Set(text.match(/\r\n|\r|\n/g));
    return found.size > 1 || found.has('\r') ? undefined : ([...found][0] ?? '\n');
}

function problemOf(text: string): string | undefined {
    try {
        if (text.trim()) {
            JSON.parse(text);
        }
        return undefined;
    } catch (error) {
        return t('Not JSON: {0}', error instanceof Error ? error.message : '');
    }
}

/** The rows: a grid that only has the rows in view, moved through and edited by keyboard. */

import { useLayoutEffect, useRef } from 'preact/hooks';
import type { JSX } from 'preact';
import type { Column, Content, Edited } from '../../src/table/messages';
import * as format from '../../src/format';
import { minified } from '../../src/jsonStyle';
import { addRow } from './app';
import { countdown, dateTime, expiryOf } from './expiry';
import { post, shortcut, t } from './host';
import type { Shown, TableModel } from './model';
import { ROW, useRows } from './useRows';
import { oneLine } from './visible';

const LINES = /[\r\n]/; // an input drops them
const EDITABLE = 4096; // characters in a cell; longer values are edited in the details
const NARROWEST = 40; // px
const EDITED: Record<string, Edited | undefined> = {
    // what an edit changes in a column
    key: 'key',
    value: 'value',
    type: 'value',
    size: 'value',
    metadata: 'metadata',
    meta: 'metadata',
    expires: 'expires',
};
const STEP = 10; // px that an arrow key makes a column wider

export function Grid({ model }: { model: TableModel }): JSX.Element {
    const { scroller, count, items, total, moved } = useRows(model);
    const columns = model.columns.filter((column) => !column.hidden);
    model.act = (what) => (what === 'rename' ? void begin(model, 'key') : model[what]());
    const width = columns.reduce((sum, column) => sum + column.width, 0);
    return (
        <div
            class="grid"
            role="grid"
            tabIndex={0}
            ref={scroller}
            aria-label={t('Keys')}
            aria-rowcount={model.count + 1}
            aria-colcount={columns.length}
            aria-multiselectable="true"
            aria-activedescendant={count ? `cell${model.cursor}-${model.column}` : undefined}
            onKeyDown={(event) => pressed(event, model, columns, moved)}
            onContextMenu={({ target, currentTarget }) => {
                // VS Code reads it next; a menu by keyboard is for the grid, so for its current row
                const isOfRow = target === currentTarget || (target as Element).closest('.row') !== null;
                currentTarget.dataset.vscodeContext = contextOf(model, isOfRow ? model.at(model.cursor) : undefined);
            }}
        >
            <Head model={model} columns={columns} width={width} />
            {!count && model.progress.done && <Empty model={model} />}
            <div class="rows" style={{ height: `${total}px`, width: `${width}px` }}>
                {items.map((item) => (
                    <Line key={item.index} model={model} columns={columns} index={item.index} top={item.start} />
                ))}
            </div>
        </div>
    );
}

function Empty({ model }: { model: TableModel }): JSX.Element {
    return (
        <div class="empty">
            {model.filter ? (
                <>
                    <p>{t('No key matches the filter.')}</p>
                    <button type="button" onClick={() => model.setFilter('', true)}>
                        {t('Clear Filter')}
                    </button>
                </>
            ) : (
                <>
                    <p>{t('This namespace has no keys yet.')}</p>
                    <p>{t('Add one, paste rows from a spreadsheet or JSON, or seed it from a file.')}</p>
                    <p>
                        <vscode-button onClick={() => addRow(model)}>{t('New Key')}</vscode-button>{' '}
                        <vscode-button secondary onClick={() => post({ type: 'run', what: 'seed' })}>
                            {t('Seed from File…')}
                        </vscode-button>
                    </p>
                </>
            )}
        </div>
    );
}

function Head(props: { model: TableModel; columns: (Column & { title: string })[]; width: number }): JSX.Element {
    const { model, columns, width } = props;
    const setWidth = (column: Column, to: number): void => {
        const px = Math.max(NARROWEST, to);
        model.setColumns(model.columns.map((one) => (one.id === column.id ? { ...one, width: px } : one)));
    };
    const step = (column: Column, event: KeyboardEvent): void => {
        const way = { ArrowLeft: -STEP, ArrowRight: STEP }[event.key];
        if (way) {
            event.preventDefault();
            event.stopPropagation(); // the grid moves to another cell
            const now = model.columns.find(({ id }) => id === column.id); // it may not be drawn yet
            setWidth(column, (now?.width ?? column.width) + way);
        }
    };
    const resize = (column: Column, event: PointerEvent): void => {
        const start = event.clientX;
        const grip = event.currentTarget as HTMLElement;
        grip.setPointerCapture(event.pointerId);
        let to = column.width;
        const move = ({ clientX }: PointerEvent): void => {
            to = column.width + clientX - start;
        };
        const end = (): void => {
            grip.removeEventListener('pointermove', move);
            setWidth(column, to);
        };
        grip.addEventListener('pointermove', move);
        grip.addEventListener('pointerup', end, { once: true });
    };
    return (
        <div class="head" role="row" aria-rowindex={1} style={{ width: `${width}px` }}>
            {columns.map((column, n) => {
                const sorted = model.sort === column.id;
                return (
                    <div
                        key={column.id}
                        class={column.id}
                        role="columnheader"
                        aria-colindex={n + 1}
                        aria-sort={sorted ? (model.descending ? 'descending' : 'ascending') : 'none'}
                        style={{ width: `${column.width}px` }}
                    >
                        <button
                            type="button"
                            title={t('Sort by {0}', column.title)}
                            onClick={() => model.setSort(column.id)}
                        >
                            {oneLine(column.title)}
                            {sorted && <span aria-hidden="true">{model.descending ? ' ▼' : ' ▲'}</span>}
                        </button>
                        <span
                            class="grip"
                            role="separator"
                            tabIndex={0}
                            aria-orientation="vertical"
                            aria-label={t('Width of {0}', column.title)}
                            aria-valuemin={NARROWEST}
                            aria-valuenow={column.width}
                            onKeyDown={(e) => step(column, e)}
                            onPointerDown={(e) => resize(column, e)}
                        />
                    </div>
                );
            })}
        </div>
    );
}

function Line(props: { model: TableModel; columns: Column[]; index: number; top: number }): JSX.Element {
    const { model, columns, index, top } = props;
    const shown = model.at(index);
    const classes = ['row'];
    if (shown?.staged) {
        classes.push(shown.staged.now === null ? 'deleted' : shown.staged.key === null ? 'new' : 'changed');
    }
    if (shown && model.selected.has(shown.id)) {
        classes.push('selected');
    }
    if (index === model.cursor) {
        classes.push('current');
    }
    if (shown?.row?.damaged) {
        classes.push('damaged');
    }
    const click = (event: MouseEvent): void => {
        model.select(index, event.shiftKey ? 'range' : event.ctrlKey || event.metaKey ? 'add' : 'one');
    };
    return (
        <div
            class={classes.join(' ')}
            role="row"
            aria-rowindex={index + 2}
            aria-selected={shown !== undefined && model.selected.has(shown.id)}
            style={{ transform: `translateY(${top}px)`, height: `${ROW}px` }}
            onClick={click}
            onContextMenu={() => !(shown && model.selected.has(shown.id)) && model.select(index, 'one')}
        >
            {columns.map((column, n) => (
                <div
                    key={column.id}
                    id={`cell${index}-${n}`}
                    class={classOf(shown, column.id, index === model.cursor && n === model.column)}
                    role="gridcell"
                    aria-colindex={n + 1}
                    style={{ width: `${column.width}px` }}
                    onClick={() => {
                        model.column = n;
                    }}
                    onDblClick={() => void begin(model, column.id)}
                >
                    {shown === undefined ? (
                        n === 0 ? '…' : ''
                    ) : model.editing?.id === shown.id && model.editing.column === column.id ? (
                        <Editor model={model} shown={shown} columns={columns} />
                    ) : (
                        textOf(shown, column.id)
                    )}
                </div>
            ))}
        </div>
    );
}

/** What VS Code passes to the commands in the menu of a row: its key, as in a link, and those selected with it. */
function contextOf(model: TableModel, shown: Shown | undefined): string {
    const key = shown?.row?.name;
    const chosen = shown && model.selected.has(shown.id) ? model.chosen() : [];
    const selected = chosen.flatMap((row) => ('key' in row ? [row.key] : []));
    const row =
        key === undefined
            ? {}
            : {
                  webviewSection: 'key',
                  key,
                  ...(model.place.readOnly ? {} : { kvlensWritable: true }),
                  ...(selected.length > 1 ? { selected } : {}),
                  ...model.place.namespace,
              };
    return JSON.stringify({ preventDefaultContextMenuItems: true, ...row });
}

/** The text of a cell, with what is changed in place of what is stored. */
function textOf(shown: Shown, column: string): string {
    const { row, staged } = shown;
    const now = staged?.now;
    const written = isWritten(shown) ? now?.value : undefined;
    switch (column) {
        case 'key':
            return oneLine(shown.name);
        case 'value':
            if (written) {
                return oneLine(written.text?.slice(0, 200) ?? t('binary'));
            }
            return oneLine(row?.damaged ?? row?.preview ?? row?.type ?? '');
        case 'type':
            return written ? '' : (row?.type ?? '');
        case 'size': {
            const size = now && written ? sizeOf(now) : row?.size;
            return size == null ? '' : format.size(size);
        }
        case 'metadata': {
            if (now && now.metadata !== undefined) {
                return oneLine(now.metadata ?? '');
            }
            return row?.metadata === undefined ? '' : oneLine(format.oneLine(row.metadata, 300));
        }
        case 'expires': {
            const expiration = now && now.expiration !== undefined ? now.expiration : row?.expiration;
            return expiration ? countdown(expiration) : '';
        }
        default: {
            const metadata = now?.metadata === undefined ? row?.metadata : parsed(now.metadata);
            return oneLine(field(metadata, column.slice('meta.'.length)));
        }
    }
}

/** Whether a row's value is new, not only its key, metadata or expiration. */
function isWritten({ row, staged }: Shown): boolean {
    return !row || (staged?.edited.includes('value') ?? false);
}

function classOf(shown: Shown | undefined, column: string, focus: boolean): string {
    const { edited = [], now } = shown?.staged ?? {};
    const classes = ['cell', column];
    if (column === 'value' && shown && !(isWritten(shown) && now?.value) && shown.row?.preview === undefined) {
        classes.push('faint'); // it describes the value instead of showing it
    }
    if (edited.some((one) => one === EDITED[column.split('.')[0]])) {
        classes.push('edited');
    }
    if (focus) {
        classes.push('focus');
    }
    return classes.join(' ');
}

function sizeOf({ value }: Content): number {
    const { text, base64 = '' } = value ?? {};
    return text === undefined ? Math.floor((base64.length * 3) / 4) : new TextEncoder().encode(text).length;
}

function parsed(json: string | null): unknown {
    try {
        return json === null ? undefined : JSON.parse(json);
    } catch {
        return undefined;
    }
}

function field(metadata: unknown, path: string): string {
    let value = metadata;
    for (const name of path.split('.')) {
        value = (value as Record<string, unknown> | null | undefined)?.[name];
    }
    return value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value);
}

/** Edit the current cell, or its row's value or metadata in the details. */
export async function begin(model: TableModel, column: string): Promise<void> {
    const shown = model.at(model.cursor);
    if (!shown || model.place.readOnly || shown.staged?.now === null || shown.row?.damaged) {
        return;
    }
    const now = shown.staged?.now;
    let text: string | undefined;
    post({ type: 'begin', row: shown.ref });
    if (column === 'key') {
        text = LINES.test(shown.name) ? JSON.stringify(shown.name) : shown.name;
    } else if (column === 'metadata') {
        text = now?.metadata ?? minified((await model.currentDetails())?.metadata ?? '');
    } else if (column === 'expires') {
        const expiration = now ? now.expiration : shown.row?.expiration;
        text = expiration ? dateTime(expiration) : '';
    } else if (column.startsWith('meta.')) {
        await model.currentDetails(); // a field is edited where all of them are seen
        document.querySelector<HTMLElement>('.details .metadataEditor')?.focus();
        return;
    } else if (column === 'value') {
        const details = await model.currentDetails();
        const value = details?.forms.find(({ isValue }) => isValue)?.text;
        text = value !== undefined && value.length <= EDITABLE && !LINES.test(value) ? value : undefined;
        if (text === undefined) {
            const button = document.querySelector<HTMLElement>('.details .editValue');
            model.say(button ? '' : t('This value is not edited here. Open it, or save it to a file.'));
            button?.click();
            return;
        }
    }
    if (text !== undefined) {
        model.editing = { id: shown.id, column, text };
        model.notify();
    }
}

function Editor(props: { model: TableModel; shown: Shown; columns: Column[] }): JSX.Element | null {
    const { model, shown, columns } = props;
    const { editing } = model;
    const input = useRef<HTMLInputElement>(null);
    useLayoutEffect(() => {
        input.current?.focus();
        input.current?.select();
        if (editing?.problem) {
            input.current?.setCustomValidity(editing.problem);
            input.current?.reportValidity();
        }
    }, [editing]);
    if (!editing) {
        return null;
    }
    const end = (): void => {
        model.editing = undefined;
        document.querySelector<HTMLElement>('.grid')?.focus();
        model.notify();
    };
    const commit = (): boolean => {
        const change = changeOf(editing, input.current?.value ?? editing.text);
        if (typeof change === 'string') {
            input.current?.setCustomValidity(change);
            input.current?.reportValidity();
            return false;
        }
        if (input.current?.value !== editing.text) {
            model.edit(shown.ref, change, editing.column);
        }
        return true;
    };
    const key = (event: KeyboardEvent): void => {
        event.stopPropagation(); // VS Code has commands for most keys
        if (shortcut(event) === 's') {
            event.preventDefault();
            if (commit()) {
                end();
                post({ type: 'run', what: 'save' });
            }
        } else if (event.key === 'Escape') {
            event.preventDefault();
            model.giveUp();
            end();
        } else if (event.key === 'Enter' && commit()) {
            event.preventDefault();
            end();
        } else if (event.key === 'Tab' && commit()) {
            event.preventDefault();
            const at = columns.findIndex(({ id }) => id === editing.column);
            const next = columns.findIndex(({ id }, n) =>
                event.shiftKey ? n < at && isEditable(id) : n > at && isEditable(id),
            );
            end();
            if (next >= 0) {
                model.column = next;
                void begin(model, columns[next].id);
            }
        } else if (event.key === 'Tab') {
            event.preventDefault();
        }
    };
    return (
        <input
            ref={input}
            class="cellEditor"
            aria-label={t('Edit {0}', editing.column)}
            placeholder={editing.column === 'key' ? t('key') : ''}
            defaultValue={editing.text}
            spellcheck={false}
            onInput={(e) => e.currentTarget.setCustomValidity('')}
            onKeyDown={key}
            onBlur={() => {
                if (model.editing !== editing) {
                    return;
                }
                if (input.current?.value === '' && model.isNew(shown.ref)) {
                    model.giveUp();
                } else if (!commit()) {
                    return;
                }
                model.editing = undefined;
                model.notify();
            }}
        />
    );
}

function isEditable(column: string): boolean {
    return ['key', 'value', 'metadata', 'expires'].includes(column);
}

/** The change that a cell's text means, or what is wrong with it. */
function changeOf({ column, text: before }: { column: string; text: string }, text: string): Partial<Content> | string {
    switch (column) {
        case 'key':
            if (LINES.test(parsedName(before))) {
                return parsedName(text) ? { name: parsedName(text) } : t('A name with line breaks is written in quotation marks, as in JSON.');
            }
            return text ? { name: text } : t('A key has at least one character.');
        case 'metadata':
            if (!text.trim()) {
                return { metadata: null };
            }
            try {
                JSON.parse(text);
            } catch (error) {
                return t('Metadata is JSON: {0}', error instanceof Error ? error.message : '');
            }
            return { metadata: text };
        case 'expires':
            return expiryOf(text);
        default:
            return { value: { text } };
    }
}

/** The name that a JSON string stands for; empty for other texts. */
function parsedName(text: string): string {
    try {
        const name: unknown = JSON.parse(text);
        return typeof name === 'string' ? name : '';
    } catch {
        return '';
    }
}

function pressed(
    event: KeyboardEvent,
    model: TableModel,
    columns: Column[],
    moved: (event: KeyboardEvent, cursor: number) => boolean,
): void {
    const column = { ArrowLeft: model.column - 1, ArrowRight: model.column + 1, Home: 0, End: columns.length - 1 }[
        event.key
    ];
    if (column !== undefined && !event.altKey && !event.ctrlKey && !event.metaKey) {
        model.column = Math.max(0, Math.min(column, columns.length - 1));
        model.notify();
    } else if (moved(event, model.cursor)) {
        // with Ctrl, Home and End too
    } else if (event.key === 'Enter' || event.key === 'F2') {
        const { id } = columns[model.column];
        void begin(model, isEditable(id) || id.startsWith('meta.') ? id : 'value');
    } else if (event.key === ' ') {
        model.select(model.cursor, 'add');
    } else if (shortcut(event) === 'a') {
        model.selectAll();
    } else if (shortcut(event) === 'c') {
        post({ type: 'copy', rows: model.chosen(), what: 'keys' });
    } else if (shortcut(event) === 'd') {
        model.duplicate();
    } else if (event.key === 'Delete' || (event.key === 'Backspace' && event.metaKey)) {
        model.delete();
    } else if (event.key === 'Insert') {
        addRow(model);
    } else if (shortcut(event) === 'f') {
        document.querySelector<HTMLElement>('#filter')?.focus();
    } else {
        return;
    }
    event.preventDefault();
    event.stopPropagation(); // VS Code has commands for some of these keys
}

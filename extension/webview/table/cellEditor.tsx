/** The input in a cell that is edited, and what its text means. */

import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { minified } from '../../src/jsonStyle';
import type { Column, Content } from '../../src/table/messages';
import { dateTime, expiryOf } from './expiry';
import { post, shortcut, t } from './host';
import type { Shown, TableModel } from './model';

const LINES = /[\r\n]/; // an input drops them
const EDITABLE = 4096; // characters in a cell; longer values are edited in the details

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

export function CellEditor(props: { model: TableModel; shown: Shown; columns: Column[] }): JSX.Element | null {
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

/** Whether the cells of a column are edited in place. */
export function isEditable(column: string): boolean {
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

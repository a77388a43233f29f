/** The filter box, with completion of tokens and saved filters. */

import { useRef, useState } from 'preact/hooks';
import type { JSX } from 'preact';
import { post, t, typing } from './host';
import type { FilterToken } from '../../src/filterTokens';

const MOST = 12; // suggestions

interface Suggestion {
    insert: string;
    label: string;
    about: string;
    /** The name of a saved filter, which replaces the whole text. */
    saved?: string;
}

/** What the box needs of a model. */
export interface Filtered {
    filter: string;
    problem: { text: string } | undefined;
    tokens: FilterToken[];
    layout: { filters: Record<string, string> };
    setFilter(filter: string, now?: boolean): void;
    forget(name: string): void;
}

export function FilterBox({ model, example, canSave }: { model: Filtered; example: string; canSave: boolean }): JSX.Element {
    const input = useRef<HTMLInputElement>(null);
    const [open, setOpen] = useState(false);
    const [at, setAt] = useState(-1);
    const found = open ? suggestions(model, input.current) : [];
    const current = Math.min(at, found.length - 1);

    const take = (one: Suggestion): void => {
        const box = input.current;
        if (!box) {
            return;
        }
        const end = box.selectionStart ?? model.filter.length;
        const start = one.saved ? 0 : wordStart(model.filter, end);
        const rest = one.saved ? '' : model.filter.slice(end);
        const text = model.filter.slice(0, start) + one.insert + rest;
        model.setFilter(text);
        box.value = text;
        box.setSelectionRange(start + one.insert.length, start + one.insert.length);
        setAt(-1);
        setOpen(false);
        box.focus();
    };
    const key = (event: KeyboardEvent): void => {
        typing(event);
        if (event.key === 'ArrowDown' && open && found.length) {
            setAt((current + 1) % found.length);
        } else if (event.key === 'ArrowUp' && open && found.length) {
            setAt((current + found.length) % (found.length + 1) - 1);
        } else if (event.key === 'ArrowDown') {
            document.querySelector<HTMLElement>('.grid')?.focus();
        } else if (event.key === 'Delete' && event.shiftKey && current >= 0 && found[current].saved) {
            model.forget(found[current].saved);
        } else if (event.key === 'Enter' && current >= 0) {
            take(found[current]);
        } else if (event.key === 'Enter') {
            setOpen(false);
            model.setFilter(model.filter, true);
        } else if (event.key === ' ' && event.ctrlKey) {
            setOpen(true);
        } else if (event.key === 'Escape' && open) {
            setOpen(false);
        } else if (event.key === 'Escape') {
            model.setFilter('', true);
        } else {
            return;
        }
        event.preventDefault();
    };
    return (
        <div class="filter">
            <input
                id="filter"
                ref={input}
                role="combobox"
                aria-expanded={found.length > 0}
                aria-controls="suggestions"
                aria-activedescendant={current >= 0 ? `suggestion${current}` : undefined}
                aria-label={t('Filter keys')}
                aria-invalid={model.problem !== undefined}
                aria-describedby="filterProblem"
                placeholder={t('Filter: {0}', example)}
                spellcheck={false}
                value={model.filter}
                onInput={(e) => {
                    model.setFilter(e.currentTarget.value);
                    setOpen(true);
                    setAt(-1);
                }}
                onFocus={() => setOpen(model.filter === '')}
                onBlur={() => setTimeout(() => setOpen(false), 150)}
                onKeyDown={key}
            />
            {model.filter && canSave && (
                <button type="button" onClick={() => post({ type: 'saveFilter', filter: model.filter })}>
                    {t('Save Filter…')}
                </button>
            )}
            {model.problem && (
                <div id="filterProblem" class="problem" role="alert">
                    {model.problem.text}
                </div>
            )}
            {found.length > 0 && (
                <ul id="suggestions" class="popup" role="listbox" aria-label={t('Filter tokens')}>
                    {found.map((one, n) => (
                        <li
                            key={one.label}
                            id={`suggestion${n}`}
                            role="option"
                            aria-selected={n === current}
                            onMouseDown={(e) => {
                                e.preventDefault();
                                take(one);
                            }}
                        >
                            <code>{one.label}</code> <span>{one.about}</span>
                        </li>
                    ))}
                </ul>
            )}
        </div>
    );
}

function suggestions(model: Filtered, box: HTMLInputElement | null): Suggestion[] {
    const end = box?.selectionStart ?? model.filter.length;
    const word = model.filter.slice(wordStart(model.filter, end), end);
    const saved = Object.entries(model.layout.filters)
        .filter(([name, filter]) => !model.filter || name.includes(word) || filter.startsWith(model.filter))
        .map(([name, filter]) => ({ insert: filter, label: filter, about: t('saved as {0}; Shift+Delete removes it', name), saved: name }));
    const tokens = model.tokens
        .filter(({ insert, example }) =>
            word ? (insert || example).startsWith(word) && example !== word : !/^type:./.test(insert),
        )
        .map(({ insert, example, about }) => ({ insert, label: example, about }));
    const all = [...saved, ...tokens];
    return all.filter((one, at) => all.findIndex(({ label }) => label === one.label) === at).slice(0, MOST);
}

/** Where the token before a place starts. */
function wordStart(text: string, end: number): number {
    return text.lastIndexOf(' ', end - 1) + 1;
}

/** JSON as a tree that folds; long lists come in parts. */

import { useState } from 'preact/hooks';
import type { JSX } from 'preact';
import { dateOfMember } from '../../src/epoch';
import { isNumber, parseExact } from '../../src/exactJson';
import { t } from './host';
import { visible } from './visible';

const PART = 100; // children that are shown at once
const OPEN = 2; // levels that are unfolded at first

export function JsonTree({ text }: { text: string }): JSX.Element {
    let value: unknown;
    try {
        value = parseExact(text);
    } catch {
        return <pre>{visible(text)}</pre>;
    }
    return (
        <div class="tree" role="tree" aria-label={t('JSON')} onKeyDown={moved}>
            <Node value={value} depth={0} first />
        </div>
    );
}

function Node(props: { name?: string; value: unknown; depth: number; first?: boolean }): JSX.Element {
    const { name, value, depth, first = false } = props;
    const [open, setOpen] = useState(depth < OPEN);
    const [part, setPart] = useState(PART);
    const label = name === undefined ? null : <span class="name">{visible(name)}: </span>;
    if (value === null || typeof value !== 'object' || isNumber(value)) {
        const kind = value === null ? 'null' : isNumber(value) ? 'number' : typeof value;
        const shown = JSON.stringify(value) ?? '';
        const date = name !== undefined && kind === 'number' ? dateOfMember(name, shown) : undefined;
        return (
            <div role="treeitem" tabIndex={first ? 0 : -1} aria-level={depth + 1}>
                {label}
                <span class={kind}>{visible(shown)}</span>
                {date && <span class="date"> {date}</span>}
            </div>
        );
    }
    const list = Array.isArray(value);
    const children = Object.entries(value);
    const count = list ? `[${children.length}]` : `{${children.length}}`;
    const toggle = (event: Event): void => {
        event.stopPropagation();
        setOpen(!open);
    };
    const key = (event: KeyboardEvent): void => {
        const wanted = { ArrowRight: true, ArrowLeft: false }[event.key];
        if (event.target === event.currentTarget && wanted !== undefined && wanted !== open) {
            event.preventDefault();
            event.stopPropagation();
            setOpen(wanted);
        }
    };
    return (
        <div
            role="treeitem"
            tabIndex={first ? 0 : -1}
            aria-level={depth + 1}
            aria-expanded={open}
            onKeyDown={key}
        >
            <span class="fold" onClick={toggle}>
                <span class={open ? 'twistie open' : 'twistie'} aria-hidden="true" />
                {label}
                <span class="count">{count}</span>
            </span>
            {open && (
                <div role="group">
                    {children.slice(0, part).map(([child, inside]) => (
                        <Node key={child} name={child} value={inside} depth={depth + 1} />
                    ))}
                    {children.length > part && (
                        <button type="button" onClick={() => setPart(part + 10 * PART)}>
                            {t('{0} more', (children.length - part).toLocaleString())}
                        </button>
                    )}
                </div>
            )}
        </div>
    );
}

/** Move the focus with the arrow keys, as in any tree. */
function moved(event: KeyboardEvent): void {
    const tree = event.currentTarget as HTMLElement;
    const items = [...tree.querySelectorAll<HTMLElement>('[role=treeitem]')];
    const at = items.indexOf(event.target as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
    if (at >= 0 && to !== undefined && items[to]) {
        event.preventDefault();
        items[to].focus();
    }
}

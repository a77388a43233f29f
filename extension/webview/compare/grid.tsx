/** The rows of a comparison: a grid that only has the rows in view. */

import type { JSX } from 'preact';
import type { ComparedKind, ComparedRow, Row } from '../../src/protocol';
import * as format from '../../src/format';
import { countdown } from '../table/expiry';
import { post, shortcut, t } from '../table/host';
import { ROW, useRows } from '../table/useRows';
import { oneLine } from '../table/visible';
import type { CompareModel } from './model';

const NARROWEST = 640; // px of all columns

/** Letters that say what colors say. */
export const marks: Record<ComparedKind, string> = {
    right: 'A',
    left: 'D',
    changed: 'M',
    damaged: '!',
    same: '=',
};

export function Grid({ model }: { model: CompareModel }): JSX.Element {
    const { scroller, count, items, total, moved } = useRows(model);
    const width = Math.max(NARROWEST, (scroller.current?.clientWidth ?? window.innerWidth) - 1);
    const widths = [0.23, 0.26, 0.26, 0.25].map((part) => Math.floor(part * width));
    const titles = [t('Key'), model.left.title, model.right.title, model.plan ? t('What happens') : t('Difference')];
    return (
        <div
            class="grid"
            role="grid"
            tabIndex={0}
            ref={scroller}
            aria-label={model.plan ? t('Keys to copy') : t('Keys that differ')}
            aria-rowcount={model.count + 1}
            aria-colcount={titles.length}
            aria-multiselectable="true"
            aria-activedescendant={count ? `row${model.cursor}` : undefined}
            onKeyDown={(event) => pressed(event, model, moved)}
        >
            <div class="head" role="row" aria-rowindex={1} style={{ width: `${width}px` }}>
                {titles.map((title, n) => (
                    <div key={n} role="columnheader" aria-colindex={n + 1} style={{ width: `${widths[n]}px` }}>
                        <span class="title">{oneLine(title)}</span>
                    </div>
                ))}
            </div>
            {!count && model.progress.done && (
                <div class="empty">
                    <p>
                        {model.plan
                            ? t('Nothing to copy: the other side has no other content for these keys.')
                            : model.filter
                              ? t('No key that differs matches the filter.')
                              : t('No differences.')}
                    </p>
                </div>
            )}
            <div class="rows" style={{ height: `${total}px`, width: `${width}px` }}>
                {items.map((item) => (
                    <Line key={item.index} model={model} widths={widths} index={item.index} top={item.start} />
                ))}
            </div>
        </div>
    );
}

function Line(props: { model: CompareModel; widths: number[]; index: number; top: number }): JSX.Element {
    const { model, widths, index, top } = props;
    const row = model.at(index);
    const selected = row !== undefined && model.selected.has(row.name);
    const classes = ['row', row ? `is-${model.plan ? happens(model, row)[0] : row.kind}` : ''];
    if (selected) {
        classes.push('selected');
    }
    if (index === model.cursor) {
        classes.push('current');
    }
    const click = (event: MouseEvent): void => {
        const how = event.shiftKey ? 'range' : event.ctrlKey || event.metaKey ? 'add' : 'one';
        model.select(index, how);
        if (how === 'one') {
            model.diff();
        }
    };
    const cells = row
        ? [oneLine(row.name), textOf(row.left, row), textOf(row.right, row), model.plan ? happens(model, row)[1] : saying(model, row)]
        : ['…', '', '', ''];
    return (
        <div
            class={classes.join(' ')}
            id={`row${index}`}
            role="row"
            aria-rowindex={index + 2}
            aria-selected={selected}
            style={{ transform: `translateY(${top}px)`, height: `${ROW}px` }}
            onClick={click}
        >
            {cells.map((text, n) => (
                <div
                    key={n}
                    class={`cell ${['key', 'value', 'value', 'difference'][n]}${row && isFaint(row, n) ? ' faint' : ''}`}
                    role="gridcell"
                    aria-colindex={n + 1}
                    style={{ width: `${widths[n]}px` }}
                    title={n === 3 ? text : undefined}
                >
                    {text}
                </div>
            ))}
        </div>
    );
}

/** A side's value, with what else differs. */
function textOf(side: Row | null, { parts }: ComparedRow): string {
    if (!side) {
        return '';
    }
    const { damaged, preview, type, size, metadata, expiration } = side;
    const value = damaged ?? preview ?? [type, size == null ? '' : format.size(size)].filter(Boolean).join(', ');
    const rest = [
        parts.includes('metadata') ? (metadata === undefined ? t('no metadata') : format.oneLine(metadata, 100)) : '',
        parts.includes('expiration') ? (expiration ? t('expires {0}', countdown(expiration)) : t('never expires')) : '',
    ];
    return oneLine([value, ...rest].filter(Boolean).join('  ·  '));
}

function isFaint({ left, right }: ComparedRow, column: number): boolean {
    const side = [undefined, left, right][column];
    return side != null && side.preview === undefined && !side.damaged;
}

/** What is said of a key that one side has; that of a snapshot's other side is "now". */
export function onlyIn(title: string): string {
    return title === 'now' ? t('only now') : t('only in {0}', title);
}

function saying({ left, right }: CompareModel, { kind, parts }: ComparedRow): string {
    const names: Record<string, string> = {
        value: t('value'),
        metadata: t('metadata'),
        expiration: t('expiry'),
    };
    const what: Record<ComparedKind, string> = {
        right: onlyIn(right.title),
        left: onlyIn(left.title),
        changed: parts.map((part) => names[part] ?? part).join(', '),
        damaged: t('damaged'),
        same: t('the same'),
    };
    return `${marks[kind]}  ${what[kind]}`;
}

/** What a copy does with a key: its color and its text. */
function happens({ plan, left, right }: CompareModel, { kind, left: one, right: other }: ComparedRow): [ComparedKind, string] {
    const target = plan?.to === 'left' ? one : other;
    const source = plan?.to === 'left' ? right.title : left.title;
    if (kind === plan?.to || (kind === 'damaged' && !(plan?.to === 'left' ? other : one))) {
        return ['left', `D  ${t('deleted: not in {0}', source)}`];
    }
    return target ? ['changed', `M  ${t('overwritten')}`] : ['right', `A  ${t('new')}`];
}

function pressed(
    event: KeyboardEvent,
    model: CompareModel,
    moved: (event: KeyboardEvent, cursor: number) => boolean,
): void {
    if (moved(event, model.cursor)) {
        // by an arrow or the like
    } else if (event.key === 'Enter') {
        model.diff();
    } else if (event.key === ' ') {
        model.select(model.cursor, 'add');
    } else if (event.key === 'Escape' && model.plan) {
        model.leave();
    } else if (shortcut(event) === 'a') {
        model.selectAll();
    } else if (event.key === 'Escape') {
        model.selectNone(); // then a copy takes all
    } else if (shortcut(event) === 'c') {
        post({ type: 'copyKeys', keys: model.chosen() });
    } else if (shortcut(event) === 'f') {
        document.querySelector<HTMLElement>('#filter')?.focus();
    } else {
        return;
    }
    event.preventDefault();
    event.stopPropagation(); // VS Code has commands for some of these keys
}

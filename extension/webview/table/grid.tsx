/** The rows: a grid that only has the rows in view, moved through by keyboard. */

import type { JSX } from 'preact';
import type { Column } from '../../src/table/messages';
import { begin, CellEditor, isEditable } from './cellEditor';
import { classOf, textOf } from './cells';
import { Head } from './head';
import { post, shortcut, t } from './host';
import type { Shown, TableModel } from './model';
import { ROW, useRows } from './useRows';

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
                        <vscode-button onClick={() => model.addRow()}>{t('New Key')}</vscode-button>{' '}
                        <vscode-button secondary onClick={() => post({ type: 'run', what: 'seed' })}>
                            {t('Seed from File…')}
                        </vscode-button>
                    </p>
                </>
            )}
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
                        <CellEditor model={model} shown={shown} columns={columns} />
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
        model.addRow();
    } else if (shortcut(event) === 'f') {
        document.querySelector<HTMLElement>('#filter')?.focus();
    } else {
        return;
    }
    event.preventDefault();
    event.stopPropagation(); // VS Code has commands for some of these keys
}

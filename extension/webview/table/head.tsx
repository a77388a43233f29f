/** The titles of the columns: a click sorts by one, and a grip makes it wider. */

import type { JSX } from 'preact';
import type { Column } from '../../src/table/messages';
import { t } from './host';
import type { TableModel } from './model';
import { oneLine } from './visible';

const NARROWEST = 40; // px
const STEP = 10; // px that an arrow key makes a column wider

export function Head(props: { model: TableModel; columns: (Column & { title: string })[]; width: number }): JSX.Element {
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

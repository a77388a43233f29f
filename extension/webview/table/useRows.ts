/** The rows of a grid that are in view: read as they come, and moved through. */

import { useEffect, useRef } from 'preact/hooks';
import type { RefObject } from 'preact';
import type { VirtualItem } from '@tanstack/virtual-core';
import { useVirtualizer } from './useVirtualizer';

export const ROW = 24; // px
const TALLEST = 30_000_000; // px; browsers can't scroll much more
export const MOST_ROWS = Math.floor(TALLEST / ROW);

/** What has the rows. */
interface Source {
    count: number;
    need(first: number, last: number): void;
    select(index: number, how: 'one' | 'range'): void;
}

interface Rows {
    /** For the element that scrolls. */
    scroller: RefObject<HTMLDivElement | null>;
    count: number;
    items: VirtualItem[];
    /** Of all rows, in px. */
    total: number;
    /** Move from a row by the key that was pressed; return whether it is one that moves. */
    moved(event: KeyboardEvent, cursor: number): boolean;
}

export function useRows(source: Source): Rows {
    const scroller = useRef<HTMLDivElement>(null);
    const count = Math.min(source.count, MOST_ROWS);
    const virtualizer = useVirtualizer(scroller, count, ROW);
    const items = virtualizer.getVirtualItems();
    useEffect(() => {
        if (count) {
            source.need(items[0]?.index ?? 0, items.at(-1)?.index ?? 0);
        }
    });
    useEffect(() => {
        if (document.activeElement === document.body) {
            scroller.current?.focus(); // so that the keyboard works at once
        }
    }, []);
    const go = (index: number, how: 'one' | 'range'): void => {
        const to = Math.max(0, Math.min(index, count - 1));
        virtualizer.scrollToIndex(to);
        source.need(to, to);
        source.select(to, how);
    };
    const moved = (event: KeyboardEvent, cursor: number): boolean => {
        const page = Math.max(1, Math.floor((virtualizer.scrollRect?.height ?? 0) / ROW) - 2);
        const to = {
            ArrowDown: cursor + 1,
            ArrowUp: cursor - 1,
            PageDown: cursor + page,
            PageUp: cursor - page,
            Home: 0,
            End: source.count - 1,
        }[event.key];
        if (to === undefined || event.altKey) {
            return false;
        }
        go(to, event.shiftKey ? 'range' : 'one');
        return true;
    };
    return { scroller, count, items, total: virtualizer.getTotalSize(), moved };
}

/** @tanstack/virtual-core in Preact: which rows of a long list are in view. */

import {
    elementScroll,
    observeElementOffset,
    observeElementRect,
    Virtualizer,
} from '@tanstack/virtual-core';
import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useState } from 'preact/hooks';

type Grid = Virtualizer<HTMLDivElement, HTMLDivElement>;

export function useVirtualizer(
    scroller: RefObject<HTMLDivElement | null>,
    count: number,
    rowHeight: number,
): Grid {
    const [, render] = useState(0);
    const options = {
        count,
        getScrollElement: () => scroller.current,
        estimateSize: () => rowHeight,
        overscan: 12,
        scrollToFn: elementScroll,
        observeElementRect,
        observeElementOffset,
        onChange: () => render((n) => n + 1),
    };
    const [virtualizer] = useState<Grid>(() => new Virtualizer(options));
    virtualizer.setOptions(options);
    useEffect(() => virtualizer._didMount(), [virtualizer]);
    useLayoutEffect(() => virtualizer._willUpdate());
    return virtualizer;
}

// In the bundle in place of codec-parser, which finds frames in files. The stream's frames come one by one.

export default class {}
export const codecFrames = "codecFrames";
export const data = "data";
export const isLastPage = "isLastPage";
export const totalSamples = "totalSamples";

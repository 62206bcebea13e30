// A picture that the server has drawn, as large as the stage allows.

/** Draws a bitmap in the middle of the stage; whole multiples of its size stay sharp. */
export function drawPicture(context, size, bitmap) {
  const scale = Math.min(size.width / bitmap.width, size.height / bitmap.height);
  const [width, height] = [bitmap.width * scale, bitmap.height * scale];
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, (size.width - width) / 2, (size.height - height) / 2, width, height);
}
